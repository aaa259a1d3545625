package lint

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// checkFormat checks a rule's output as libsinsp's eventformatter.cpp reads it: `%` begins a field or a transformer,
// digits behind it are a width. The place is that of the error, in bytes.
func (f Falco) checkFormat(output string) (place int, err error) {
	for i := 0; i < len(output); i++ {
		if output[i] != '%' {
			continue
		}
		start := i
		for i+1 < len(output) && output[i+1] >= '0' && output[i+1] <= '9' {
			i++
		}
		if i+1 == len(output) {
			return start, errors.New("a `%` begins a field, and none follows; a sign for percent cannot be written")
		}
		var length int
		if f.since("0.44") {
			length, err = f.token(output[i+1:])
		} else {
			length, err = f.oldToken(output[i+1:])
		}
		if err != nil {
			return start, err
		}
		i += length
	}
	return 0, nil
}

// token is the length of the longest begin of a text that is a field or a transformer.
func (f Falco) token(text string) (int, error) {
	tables := f.tables()
	var first error
	for size := len(text); size > 0; size-- {
		length, reached, err := f.operandAt(tables, text[:size])
		if err == nil {
			return length, nil
		}
		if first == nil {
			first = err
		}
		if reached < size-1 { // a longer text is read the same
			size = reached + 1
		}
	}
	return 0, first
}

// operandAt reads a field or a transformer. reached is how far the text was looked at.
func (f Falco) operandAt(tables *tables, text string) (length, reached int, err error) {
	var ignored Problems
	p := &parser{scanner: scanner{source: textAt(text, Position{})}, falco: f, warn: ignored.warn}
	defer func() { reached = p.pos }()
	defer p.recover(func(failed Problem) { err = unknownOutput(text, failed.Message) })
	operand, ok := p.operand()
	if !ok {
		return 0, 0, unknownOutput(text, "")
	}
	if _, err := tables.operand(operand); err != nil {
		return 0, 0, skippable{err}
	}
	return p.pos, 0, nil
}

var wordForm = regexp.MustCompile(`^[^ \t\n]{0,40}`)

// unknownOutput is the error of a `%` that no field follows.
func unknownOutput(text, message string) error {
	if message != "" {
		message = ": " + message
	}
	return skippable{fmt.Errorf("%%%s is no field%s; a sign for percent cannot be written",
		wordForm.FindString(text), message)}
}

// oldToken is token for Falco 0.43, which takes the longest field and leaves the rest.
func (f Falco) oldToken(text string) (int, error) {
	tables := f.tables()
	length := 0
	var inside []string
	for again := true; again; {
		again = false
		for _, name := range f.transformers() {
			if strings.HasPrefix(text[length:], name+"(") {
				inside = append([]string{name}, inside...)
				length += len(name) + 1
				again = true
			}
		}
	}
	info, size, err := tables.fieldAt(text[length:])
	if err == nil && size == 0 {
		err = skippable{fmt.Errorf("%%%s is no field; a sign for percent cannot be written", wordForm.FindString(text))}
	}
	if err == nil && info.filterOnly {
		err = fmt.Errorf("%s is for conditions only", text[length:length+size])
	}
	if err == nil && len(inside) > 0 {
		_, err = tables.operand(Operand{Name: text[length : length+size], Transformers: inside})
	}
	if err != nil {
		return 0, err
	}
	length += size
	for range inside {
		if !strings.HasPrefix(text[length:], ")") {
			return 0, errors.New("a transformer has no closing parenthesis behind its field")
		}
		length++
	}
	return length, nil
}
