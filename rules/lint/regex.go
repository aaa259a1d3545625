package lint

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// expression parses a regular expression as the engine does: RE2 in POSIX syntax, so without Perl's classes (\d, \w),
// word boundaries, flags and groups that begin with `(?`, and Unicode's groups. A class that is negated matches a line
// break, a dot does not.
func expression(text string) (*syntax.Regexp, error) { return syntax.Parse(text, syntax.ClassNL) }

// matchesExpression matches over the whole text. What does not parse never matches: Falco 0.43 says nothing of it.
func matchesExpression(text, value string) bool {
	compiled := compiledExpression(text)
	return compiled != nil && compiled.MatchString(value)
}

// compiledExpressions are by their text: the same one is matched against many events.
var compiledExpressions sync.Map

// compiledExpression returns nil for what does not parse.
func compiledExpression(text string) *regexp.Regexp {
	if known, ok := compiledExpressions.Load(text); ok {
		return known.(*regexp.Regexp)
	}
	var compiled *regexp.Regexp
	if parsed, err := expression(text); err == nil {
		compiled, _ = regexp.Compile(`\A(?:` + parsed.String() + `)\z`) // nil with an error
	}
	compiledExpressions.Store(text, compiled)
	return compiled
}

// explainExpression says what to write instead.
func explainExpression(text string, err error) string {
	message := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	message = "no regular expression in POSIX syntax: " + message
	for _, hint := range []struct{ of, instead string }{
		{`\d`, "write [0-9] for \\d"}, {`\w`, "write [A-Za-z0-9_] for \\w"}, {`\s`, "write [[:space:]] for \\s"},
		{`(?i)`, "write [Aa] for a letter in both cases, or compare tolower(field)"}, {`(?:`, "write ( for (?:"},
		{`\b`, "leave \\b out"},
	} {
		if strings.Contains(text, hint.of) {
			message += "; " + hint.instead
		}
	}
	return message
}

// simpler is true of an expression that `=`, contains, startswith or endswith could replace: nothing special in it but
// anchors, and any text at the begin or the end.
func simpler(text string) bool {
	for i := 0; i < len(text); i++ {
		if i == 0 && text[i] == '^' || i == len(text)-1 && text[i] == '$' {
			continue
		}
		if (i == 0 && len(text) > 1 || i == len(text)-2) && text[i] == '.' && strings.IndexByte("+*?", text[i+1]) >= 0 {
			i++
			continue
		}
		if strings.IndexByte(`.+*?^$()[]{}|\`, text[i]) >= 0 {
			return false
		}
	}
	return true
}
