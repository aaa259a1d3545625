package ci

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// github is what the fake gh keeps in the file FAKE_GITHUB names.
type github struct {
	Comments []*comment `json:"comments"`
	Pulls    []pull     `json:"pulls"`
	Issues   []*issue   `json:"issues"`
	Labels   []string   `json:"labels"`
	Runs     []workRun  `json:"runs"` // of the workflow deploy
}

type workRun struct {
	Status  string `json:"status"`
	Updated string `json:"updatedAt"`
	URL     string `json:"url"`
}

type comment struct {
	ID   int               `json:"id"`
	User map[string]string `json:"user"`
	Body string            `json:"body"`
	URL  string            `json:"html_url"`
}

type pull struct {
	Number int               `json:"number"`
	Label  string            `json:"label"` // owner:branch
	Head   map[string]string `json:"head"`
}

type issue struct {
	Number             int    `json:"number"`
	Title, Label, Body string `json:"-"`
	State, Last        string `json:"-"`
}

// MarshalJSON is what gh issue list prints; the file keeps more.
func (i *issue) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"number": i.Number, "title": i.Title, "label": i.Label, "body": i.Body,
		"state": i.State, "last": i.Last})
}

// UnmarshalJSON reads the file.
func (i *issue) UnmarshalJSON(text []byte) error {
	var all struct {
		Number                          int
		Title, Label, Body, State, Last string
	}
	err := json.Unmarshal(text, &all)
	*i = issue(all)
	return err
}

// gh plays the part of GitHub's CLI that the scripts use.
func gh(args []string) error {
	file := os.Getenv("FAKE_GITHUB")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var state github
	if err := json.Unmarshal(text, &state); err != nil {
		return err
	}
	options, words := map[string]string{}, []string{}
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--paginate" || args[i] == "--force":
		case strings.HasPrefix(args[i], "--"):
			key := args[i]
			i++
			if key == "--field" {
				var value string
				key, value, _ = strings.Cut(args[i], "=")
				options[key] = value
				continue
			}
			options[key] = args[i]
		default:
			words = append(words, args[i])
		}
	}
	result, err := state.do(words, options)
	if err != nil {
		return err
	}
	if text, err = json.Marshal(state); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(file, text, 0o600), filter(result, options["--jq"]))
}

func (g *github) do(words []string, options map[string]string) (any, error) {
	read := func(file string) (string, error) {
		text, err := os.ReadFile(strings.TrimPrefix(file, "@"))
		return string(text), err
	}
	var number int
	call := strings.Join(words, " ")
	switch {
	case call == "api repos/owner/name/pulls":
		var found []pull
		for _, p := range g.Pulls {
			if p.Label == options["head"] && options["state"] == "open" {
				found = append(found, p)
			}
		}
		return found, nil
	case strings.HasPrefix(call, "api repos/owner/name/issues/comments/") && options["--method"] == "PATCH":
		_, err := fmt.Sscanf(call, "api repos/owner/name/issues/comments/%d", &number)
		if err != nil {
			return nil, err
		}
		for _, c := range g.Comments {
			if c.ID == number {
				c.Body, err = read(options["body"])
				return c, err
			}
		}
	case call == "api repos/owner/name/issues/7/comments" && options["--method"] == "":
		return g.Comments, nil
	case call == "api repos/owner/name/issues/7/comments" && options["--method"] == "POST":
		body, err := read(options["body"])
		c := &comment{ID: 100 + len(g.Comments), User: map[string]string{"type": "Bot"}, Body: body}
		g.Comments = append(g.Comments, c)
		return c, err
	case call == "issue list" && options["--state"] == "open":
		var found []*issue
		for _, i := range g.Issues {
			if i.State == "open" && i.Label == options["--label"] {
				found = append(found, i)
			}
		}
		return found, nil
	case call == "issue create":
		body, err := read(options["--body-file"])
		g.Issues = append(g.Issues, &issue{Number: 50 + len(g.Issues), Title: options["--title"], Label: options["--label"],
			Body: body, State: "open"})
		return nil, err
	case call == "run list" && options["--workflow"] == "deploy.yml":
		return g.Runs, nil
	case call == "label create drift":
		g.Labels = append(g.Labels, "drift")
		return nil, nil
	case len(words) == 3 && words[0] == "issue":
		for _, i := range g.Issues {
			if fmt.Sprint(i.Number) != words[2] {
				continue
			}
			var err error
			switch words[1] {
			case "edit":
				i.Body, err = read(options["--body-file"])
			case "close":
				i.State, i.Last = "closed", options["--comment"]
			}
			return nil, err
		}
	}
	return nil, fmt.Errorf("no such call: %s %v", call, options)
}

// filter prints what a jq expression finds in result, as gh does.
func filter(result any, expression string) error {
	if expression == "" {
		return nil
	}
	query, err := gojq.Parse(expression)
	if err != nil {
		return err
	}
	code, err := gojq.Compile(query, gojq.WithEnvironLoader(os.Environ))
	if err != nil {
		return err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	if plain == nil {
		plain = []any{}
	}
	for found := code.Run(plain); ; {
		value, ok := found.Next()
		if !ok {
			return nil
		}
		if err, failed := value.(error); failed {
			return err
		}
		fmt.Println(value)
	}
}

// open puts a GitHub where gh finds it; what it holds later is read from there.
func (g *github) open(t *testing.T) (now func() github) {
	t.Helper()
	file := t.TempDir() + "/github.json"
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FAKE_GITHUB", file)
	t.Setenv("GH_REPO", "owner/name")
	return func() github {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var state github
		if err := json.Unmarshal(text, &state); err != nil {
			t.Fatal(err)
		}
		return state
	}
}
