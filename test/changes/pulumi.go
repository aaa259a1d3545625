package changes

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// operations are what a command does to resources, or would do: update, create, delete or replace, by URN.
type operations map[string]string

// pulumi runs a command that leaves a log of its events, and returns what it did and printed.
func (r *Runner) pulumi(ctx context.Context, args ...string) (operations, string, error) {
	events := filepath.Join(r.session.Dir(), "events.json")
	command := r.session.Command(ctx, append(args, "--non-interactive", "--color=never", "--event-log", events)...)
	command.Env = append(command.Env, "PULUMI_DEBUG_COMMANDS=true") // has --event-log
	printed, err := command.CombinedOutput()
	fmt.Fprintf(r.out, "\n$ pulumi %s\n%s", strings.Join(args, " "), printed)
	log, readErr := os.ReadFile(events)
	if err != nil && errors.Is(readErr, os.ErrNotExist) { // it ended before the first
		return nil, string(printed), err
	}
	if err := errors.Join(readErr, os.Remove(events)); err != nil {
		return nil, string(printed), fmt.Errorf("the events of pulumi %s: %w\n%s", args[0], err, printed)
	}
	done, readErr := read(log)
	return done, string(printed), errors.Join(err, readErr)
}

// read takes the operations out of a log of events.
func read(log []byte) (operations, error) {
	done := operations{}
	lines := bufio.NewReader(bytes.NewReader(log))
	for decoder := json.NewDecoder(lines); ; {
		var event apitype.EngineEvent
		err := decoder.Decode(&event)
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading events: %w", err)
		}
		if event.ResourcePreEvent == nil {
			continue
		}
		step := event.ResourcePreEvent.Metadata
		switch op := string(step.Op); {
		case strings.Contains(op, "replace"): // replace, create-replacement, delete-replaced
			done[step.URN] = "replace"
		case slices.Contains([]string{"update", "create", "delete"}, op) && done[step.URN] == "":
			done[step.URN] = op
		}
	}
}

// inverse is what the way back does.
func (o operations) inverse() operations {
	back := operations{}
	for urn, op := range o {
		switch op {
		case "create":
			op = "delete"
		case "delete":
			op = "create"
		}
		back[urn] = op
	}
	return back
}

// disjoint reports whether two changes touch different resources.
func (o operations) disjoint(other operations) bool {
	for urn := range o {
		if other[urn] != "" {
			return false
		}
	}
	return true
}

// of are the operations on the resources of a plan.
func (o operations) of(plan operations) operations {
	part := operations{}
	for urn := range plan {
		if o[urn] != "" {
			part[urn] = o[urn]
		}
	}
	return part
}

var (
	neverDeleted  = []string{"Vpc", "KubernetesCluster", "Project", "SpacesBucket"}
	neverReplaced = append([]string{"KubernetesNodePool", "Namespace", "Release"}, neverDeleted...)
)

// beyond are the operations that were not planned. Fewer are done where a preview does not know an output yet.
func (o operations) beyond(planned operations) []string {
	var more []string
	for urn, op := range o {
		if planned[urn] != op {
			more = append(more, op+" "+urn)
		}
	}
	slices.Sort(more)
	return more
}

// lost are the replacements and deletions that no change of a setting may cause.
func (o operations) lost() []string {
	var lost []string
	for urn, op := range o {
		kind, _ := resourceOf(urn)
		if op == "replace" && slices.Contains(neverReplaced, kind) || op == "delete" && slices.Contains(neverDeleted, kind) {
			lost = append(lost, op+" "+urn)
		}
	}
	slices.Sort(lost)
	return lost
}

// resourceOf gives the last part of a resource's type, and its logical name.
func resourceOf(urn string) (kind, name string) {
	parts := strings.Split(urn, "::")
	types, name := parts[len(parts)-2], parts[len(parts)-1]
	return types[strings.LastIndex(types, ":")+1:], name
}
