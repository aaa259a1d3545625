package lint

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Replay has the engine replay the events of cases as a capture, behind Falco's own rules and others, and reports the
// cases in which other rules fire there. Cases with fields that no capture is made of are left out; replayed counts the
// others.
func (e Engine) Replay(ctx context.Context, before []File, s Suite) (problems Problems, replayed int, err error) {
	var cases []Case
	var events []Event
	for _, c := range s.Cases.Cases {
		if event := s.Cases.event(c); event.recordable() {
			cases, events = append(cases, c), append(events, event)
		}
	}
	if len(cases) == 0 {
		return nil, 0, nil
	}
	fired, err := e.firedBy(ctx, slices.Concat(before, s.Files), events)
	if err != nil {
		return nil, 0, fmt.Errorf("replaying on %s: %w", e.Name, err)
	}
	about := slices.Concat(s.Rules.OwnRules(), s.Cases.Mentioned())
	for i, c := range cases {
		got := slices.DeleteFunc(fired[i], func(rule string) bool { return !slices.Contains(about, rule) })
		slices.Sort(got)
		got = slices.Compact(got)
		if want := slices.Sorted(slices.Values(c.Fires)); !slices.Equal(got, want) {
			problems.add(s.Cases.Position(c), "case %q: Falco fires %s, want %s", c.Name, list(got), list(want))
		}
	}
	return problems, len(cases), nil
}

// firedBy are the rules that the engine fires at each event.
func (e Engine) firedBy(ctx context.Context, files []File, events []Event) ([][]string, error) {
	recorded, err := record(events)
	if err != nil {
		return nil, err
	}
	fired := make([][]string, len(events))
	const name = "events.scap"
	files = append(slices.Clone(files), File{Name: name, Text: string(recorded)})
	err = e.withFiles(files, func(dir string, paths []string) error {
		last := len(paths) - 1
		arguments := []string{
			"-o", "engine.kind=replay", "-o", "engine.replay.capture_file=" + paths[last], "-o", "json_output=true",
			"-o", "stdout_output.enabled=true", "-o", "rule_matching=all", "-o", "webserver.enabled=false",
		}
		for _, path := range paths[:last] {
			arguments = append(arguments, "-r", path)
		}
		output, err := e.run(ctx, dir, arguments...)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(output) {
			var alert struct {
				Rule string    `json:"rule"`
				Time time.Time `json:"time"`
			}
			if err := json.Unmarshal(line, &alert); err != nil || alert.Rule == "" {
				continue // a line of Falco's log
			}
			for i := range events {
				if at(i).Equal(alert.Time) {
					fired[i] = append(fired[i], alert.Rule)
				}
			}
		}
		return nil
	})
	return fired, err
}
