package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// unmetPlugin is what Falco says instead of a verdict when a file requires a plugin, or a version, that is not loaded.
var unmetPlugin = regexp.MustCompile(`Error: (Plugin (?:requirement|'[^']*' version) .*)`)

// logged is what each line of Falco's log begins with.
var logged = regexp.MustCompile(`^\w+ \w+ [ 0-9]+ [0-9:]+ \d+: *`)

// endedReading is how a Falco ended that reports no verdict on the files it reads, or empty. It crashes at some files,
// and leaves at others with an error of its own.
func endedReading(err error) string {
	how, log, _ := strings.Cut(fmt.Sprint(err), "\n")
	_, after, reading := strings.Cut(log, "Validating rules file(s):\n")
	if !reading {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(after), "\n")
	last := logged.ReplaceAllString(lines[len(lines)-1], "")
	if strings.HasPrefix(last, "/") { // the file it reads
		return how
	}
	return how + ": " + last
}

// verdict reads what `falco -V` prints of files as JSON, in their order. A warning leaves the exit code at 0.
func verdict(output []byte, files []File) (Problems, error) {
	type finding struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Context struct {
			Locations []struct {
				Position struct{ Line, Column int } `json:"position"`
			} `json:"locations"`
		} `json:"context"`
	}
	var results struct {
		Results []struct {
			Successful bool      `json:"successful"`
			Errors     []finding `json:"errors"`
			Warnings   []finding `json:"warnings"`
		} `json:"falco_load_results"`
	}
	start := bytes.IndexByte(output, '{')
	if start < 0 {
		return nil, errors.New("no verdict")
	}
	if err := json.NewDecoder(bytes.NewReader(output[start:])).Decode(&results); err != nil {
		return nil, fmt.Errorf("no verdict: %w", err)
	}
	if len(results.Results) != len(files) {
		return nil, fmt.Errorf("a verdict on %d files, want %d", len(results.Results), len(files))
	}
	var problems Problems
	for i, result := range results.Results {
		place := func(f finding) Position {
			at := Position{File: files[i].Name}
			for _, location := range f.Context.Locations {
				at.Line, at.Column = location.Position.Line+1, location.Position.Column+1
			}
			return at
		}
		for _, f := range result.Errors {
			problems.add(place(f), "falco: %s: %s", f.Code, f.Message)
		}
		for _, f := range result.Warnings {
			problems.warn(place(f), f.Code, "falco: %s", f.Message)
		}
		if !result.Successful && len(result.Errors) == 0 {
			problems.add(Position{File: files[i].Name}, "falco: does not load")
		}
	}
	return problems, nil
}
