package charts

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"doks-security/values"
)

// State is what a directory has of one pinned chart.
type State struct {
	Pin    values.Chart
	Digest string // sha256 of the archive; empty when there is none
}

// String is a line of a report.
func (s State) String() string {
	switch {
	case s.Digest == "":
		return file(s.Pin) + ": missing"
	case s.Pin.SHA256 == "":
		return file(s.Pin) + ": unpinned, sha256 " + s.Digest
	case s.Pin.SHA256 != s.Digest:
		return file(s.Pin) + ": unverified, sha256 " + s.Digest + " is not the pinned " + s.Pin.SHA256
	}
	return file(s.Pin) + ": verified"
}

// States looks at the archives of pins in dir, ordered by file.
func States(dir string, pins []values.Chart) ([]State, error) {
	var states []State
	for _, pin := range pins {
		content, err := os.ReadFile(Archive(dir, pin))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("reading the archives of charts: %w", err)
		}
		state := State{Pin: pin}
		if err == nil {
			state.Digest = Digest(content)
		}
		states = append(states, state)
	}
	slices.SortFunc(states, func(a, b State) int { return strings.Compare(a.String(), b.String()) })
	return states, nil
}

// Digest is the sha256 of an archive, in hexadecimal digits.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// intact finds what is no archive, or part of one: without a pinned digest nothing else would.
func intact(content []byte) error {
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(reader, 1<<30))
	}
	if err != nil {
		return fmt.Errorf("the file of %d bytes is not a complete .tgz: %w", len(content), err)
	}
	return nil
}
