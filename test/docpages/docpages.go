// Package docpages reads the commands out of the README and docs/, so that tests can run them, and hold that none
// is there untried, and writes the pages whose tables runs fill.
package docpages

import (
	"regexp"
	"slices"
	"strings"
)

// tools are the programs whose calls count as commands.
var tools = []string{
	"aws", "curl", "docker", "doctl", "export", "git", "go", "helm", "kubectl", "make", "mc", "npm", "pulumi", "s3cmd",
	"terraform",
}

// Command is one command of a page.
type Command struct {
	Page, Line string
}

var (
	inline  = regexp.MustCompile("`([^`]+)`")
	comment = regexp.MustCompile(`\s+# .*$`)
)

// Commands finds the commands of a page: lines of its code blocks, and what is between backquotes in its text.
func Commands(page, text string) []Command {
	var all []Command
	for _, l := range read(text) {
		if l.code {
			if line, ok := command(l.text); ok {
				all = append(all, Command{page, line})
			}
			continue
		}
		for _, span := range inline.FindAllStringSubmatch(l.text, -1) {
			if line, ok := command(span[1]); ok && strings.Contains(line, " ") { // the name of a tool is no command
				all = append(all, Command{page, line})
			}
		}
	}
	return all
}

// Section lists the commands in the code blocks below a heading, up to the next.
func Section(text, heading string) []string {
	var lines []string
	inside := false
	for _, l := range read(text) {
		if !l.code && strings.HasPrefix(l.text, "#") {
			inside = strings.TrimSpace(strings.TrimLeft(l.text, "#")) == heading
		}
		if line, ok := command(l.text); ok && inside && l.code {
			lines = append(lines, line)
		}
	}
	return lines
}

type line struct {
	text string
	code bool
}

// read separates code from text: indented by four, or fenced. A line that ends in a backslash goes on. Of a transcript,
// which is fenced as console, only what was typed is read.
func read(text string) []line {
	var lines []line
	fenced, transcript := false, false
	for raw := range strings.Lines(text) {
		raw = strings.TrimRight(raw, "\r\n")
		if fence, ok := strings.CutPrefix(strings.TrimSpace(raw), "```"); ok {
			fenced = !fenced
			transcript = fenced && fence == "console"
			continue
		}
		if transcript && !strings.HasPrefix(raw, "$ ") {
			continue
		}
		code := fenced || strings.HasPrefix(raw, "    ")
		if n := len(lines); code && n > 0 && strings.HasSuffix(lines[n-1].text, `\`) {
			lines[n-1].text = strings.TrimSuffix(lines[n-1].text, `\`) + strings.TrimSpace(raw)
			continue
		}
		lines = append(lines, line{strings.TrimSpace(raw), code})
	}
	return lines
}

// command is a line without prompt and comment, if it calls one of the tools.
func command(text string) (string, bool) {
	text = strings.TrimSpace(comment.ReplaceAllString(strings.TrimPrefix(text, "$ "), ""))
	first, _, _ := strings.Cut(text, " ")
	return text, slices.Contains(tools, first)
}
