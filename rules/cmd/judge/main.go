// Command judge checks the rules, ours and with -user a user's, runs their cases, counts the clauses no case needs, and
// asks a real Falco where there is one. `make rules` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"

	"doks-security/rules"
	"doks-security/rules/judge"
)

func main() {
	dir := flag.String("rules", "rules", "`directory` of our rules and their cases")
	user := flag.String("user", "", "`directory` of a user's own rules and their cases")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *dir, *user); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// report collects what is found on the way to the summary.
type report struct {
	out      io.Writer
	problems judge.Problems
	seen     map[string]bool
}

// add prints a problem once: the same files are loaded for each file of cases.
func (r *report) add(problems judge.Problems) {
	for _, p := range problems {
		if !r.seen[p.String()] {
			r.seen[p.String()] = true
			r.problems = append(r.problems, p)
			fmt.Fprintln(r.out, p)
		}
	}
}

// run prints what is wrong and a summary; the error says that something is.
func run(ctx context.Context, out io.Writer, dir, user string) error {
	r := &report{out: out, seen: map[string]bool{}}
	stock, meaning, err := stockRules(dir)
	if err != nil {
		return err
	}
	var users map[string]string
	if user != "" {
		var problems judge.Problems
		if users, problems, err = rules.UserFiles(user); err != nil {
			return err
		}
		r.add(problems)
		fmt.Fprintf(out, "own rules: %d files in %s\n", len(users), user)
	}
	set, problems, err := rules.Judge(nil, stock)
	if err != nil {
		return err
	}
	r.add(problems)
	fmt.Fprintf(out, "rules: %d, behind Falco's own (%s)\n", len(set.OwnRules()), meaning)
	situations, err := rules.Situations(dir, nil, stock)
	if err != nil {
		return err
	}
	r.runCases("cases", situations)
	r.countClauses(situations)
	if user != "" {
		situations, err := rules.Situations(user, users, stock)
		if err != nil {
			return err
		}
		r.runCases("own cases", situations)
	}
	if err := r.askFalco(ctx, users); err != nil {
		return err
	}
	failed := r.problems.Errors()
	fmt.Fprintf(out, "%d errors, %d warnings\n", failed, len(r.problems)-failed)
	if len(r.problems.Blocking()) > 0 {
		return errors.New("the rules are not in order")
	}
	return nil
}

// runCases holds the rules against the cases, without Falco's rules that no case speaks of.
func (r *report) runCases(title string, situations []rules.Situation) {
	cases, failed := 0, 0
	for _, s := range situations {
		r.add(s.Problems)
		problems := s.Cases.RunOnly(s.Rules, told(s))
		r.add(problems)
		cases += len(s.Cases.Cases)
		failed += len(problems)
	}
	fmt.Fprintf(r.out, "%s: %d, %d pass\n", title, cases, cases-failed)
}

func told(s rules.Situation) []string { return slices.Concat(s.Rules.OwnRules(), s.Cases.Mentioned()) }

// countClauses warns of every clause of our rules that no case needs.
func (r *report) countClauses(situations []rules.Situation) {
	needed := map[string]bool{}
	unneeded := map[string]judge.Problem{}
	for _, s := range situations {
		before := len(s.Cases.RunOnly(s.Rules, told(s)))
		for _, m := range s.Rules.Mutants(slices.Collect(maps.Keys(s.Files))) {
			clause := m.Position.String() + " " + m.Change
			needed[clause] = needed[clause] || len(s.Cases.RunOnly(m.Rules, told(s))) > before
			unneeded[clause] = judge.Problem{Position: m.Position, Message: "no case needs this: " + m.Change, Warning: true}
		}
	}
	total := len(needed)
	for _, clause := range slices.Sorted(maps.Keys(needed)) {
		if needed[clause] {
			delete(unneeded, clause)
		} else {
			r.add(judge.Problems{unneeded[clause]})
		}
	}
	fmt.Fprintf(r.out, "clauses: %d changed one at a time, %d noticed by a case\n", total, total-len(unneeded))
}

// stockRules are Falco's own where FALCO_RULES_DIR names their directory, otherwise what we declare of them.
func stockRules(dir string) (judge.File, string, error) {
	path, meaning := filepath.Join(dir, "testdata", "stock.yaml"), "as testdata/stock.yaml declares them"
	if real := os.Getenv("FALCO_RULES_DIR"); real != "" {
		path, meaning = filepath.Join(real, judge.StockRules.Name), "read from FALCO_RULES_DIR"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return judge.File{}, "", fmt.Errorf("reading Falco's own rules: %w", err)
	}
	return judge.File{Name: filepath.Base(path), Text: string(text), Stock: true}, meaning, nil
}

// askFalco validates the files with the pinned rules of Falco's own, or says why it cannot.
func (r *report) askFalco(ctx context.Context, users map[string]string) error {
	engines, err := judge.FindEngines(ctx)
	if err != nil {
		fmt.Fprintf(r.out, "falco: skipped: %v\n", err)
		return nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("finding the cache: %w", err)
	}
	stock, err := judge.StockRules.Fetch(ctx, filepath.Join(cache, "doks-security"))
	if err != nil {
		fmt.Fprintf(r.out, "falco: skipped: %v\n", err)
		return nil
	}
	files, err := rules.Files([]rules.Approval{{Namespace: "approved"}, {Namespace: "pinned", Digests: []string{"sha256:0"}}})
	if err != nil {
		return err
	}
	maps.Copy(files, users)
	ordered := []judge.File{stock}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ordered = append(ordered, judge.File{Name: name, Text: files[name]})
	}
	for _, engine := range engines {
		problems, err := engine.Judge(ctx, ordered)
		if err != nil {
			return err
		}
		problems = slices.DeleteFunc(problems, func(p judge.Problem) bool { return p.File == stock.Name && p.Warning })
		r.add(problems)
		fmt.Fprintf(r.out, "falco: %s, %d files, %d problems\n", engine.Name, len(ordered), len(problems))
	}
	return nil
}
