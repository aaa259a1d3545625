package prcomment

import (
	"html"
	"strings"
)

// folded is text that opens on a click. Nothing in it is Markdown, whatever it holds: the fence is longer than any in
// it.
func folded(title, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return "<details><summary>" + title + "</summary>\n\n" + fence + "diff\n" + text + fence + "\n\n</details>\n"
}

// cut keeps whole lines of text, at most size bytes.
func cut(text string, size int) (shown string, whole bool) {
	if len(text) <= size {
		return text, true
	}
	end := strings.LastIndexByte(text[:max(0, size)], '\n')
	return text[:end+1], false
}

// code is a word that is shown as it is.
func code(word string) string { return "`" + strings.Map(plain, word) + "`" }

// escape is a text in which nothing is HTML or Markdown.
func escape(text string) string { return html.EscapeString(strings.Map(plain, text)) }

// plain drops what could end a line or a word of code, or begin a link or a mention.
func plain(r rune) rune {
	if r < ' ' || strings.ContainsRune("`|<>[]@\\", r) {
		return -1
	}
	return r
}
