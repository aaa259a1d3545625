package changes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Result is what a change did.
type Result struct {
	Change
	Refused  string // the error of the preview; empty: it was deployed
	Done     operations
	planned  operations
	Restarts []string // namespace/name
	Back     *Result  // the way back, where it is not just the inverse
	Err      error    // what must not happen
}

// Run makes the changes, and reports each as soon as it is known. An error is one of the rehearsal itself.
func (r *Runner) Run(ctx context.Context, changes []Change, report func(Result)) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	var batches [][]*Result
	for _, c := range changes {
		if c.Last {
			continue
		}
		result, err := r.plan(ctx, c)
		if err != nil {
			return err
		}
		if result.Refused != "" || result.Err != nil {
			report(*result)
			continue
		}
		fits := func(batch []*Result) bool {
			return !slices.ContainsFunc(batch, func(other *Result) bool {
				return !result.planned.disjoint(other.planned) || overlap(result.Change, other.Change)
			})
		}
		if i := slices.IndexFunc(batches, fits); i >= 0 {
			batches[i] = append(batches[i], result)
		} else {
			batches = append(batches, []*Result{result})
		}
	}
	for _, c := range changes {
		if c.Last {
			batches = append(batches, []*Result{{Change: c}})
		}
	}
	for _, batch := range batches {
		if last := batch[0]; last.Last {
			planned, err := r.plan(ctx, last.Change)
			if err != nil {
				return err
			}
			if *last = *planned; last.Refused != "" || last.Err != nil {
				report(*last)
				continue
			}
		}
		if err := r.deploy(ctx, batch); err != nil {
			return err
		}
		for _, result := range batch {
			report(*result)
		}
	}
	return ctx.Err()
}

// overlap reports whether two changes are about the same value.
func overlap(a, b Change) bool {
	for _, x := range a.values() {
		for _, y := range b.values() {
			if strings.HasPrefix(x.Path, y.Path) || strings.HasPrefix(y.Path, x.Path) {
				return true
			}
		}
	}
	return false
}

// plan previews a change alone.
func (r *Runner) plan(ctx context.Context, c Change) (*Result, error) {
	result := &Result{Change: c}
	before, err := r.file.read()
	if err != nil {
		return nil, err
	}
	is := before.get(c.path())
	if from := c.from(); !placeholder(from) && fmt.Sprint(is) != fmt.Sprint(from) && !encrypted(is) {
		result.Err = fmt.Errorf("it is %v, not %v", is, from)
		return result, nil
	}
	if err := r.change(ctx, c); err != nil {
		return nil, err
	}
	result.planned, result.Refused, err = r.preview(ctx)
	if result.Err = losses(result.planned); errors.As(err, new(failedPreviewError)) {
		result.Err, err = err, nil
	}
	return result, errors.Join(err, r.file.write(before))
}

// placeholder reports whether a value is one of the directories of base.go.
func placeholder(value any) bool {
	text, _ := value.(string)
	return strings.HasPrefix(text, "<")
}

// failedPreviewError is a preview that fails without an error of a setting: what it printed.
type failedPreviewError string

func (e failedPreviewError) Error() string {
	return "the preview fails without an error of a setting:\n" + string(e)
}

// preview returns what pulumi up would do, or the errors of the settings.
func (r *Runner) preview(ctx context.Context) (operations, string, error) {
	done, printed, err := r.pulumi(ctx, "preview")
	if err == nil {
		return done, "", nil
	}
	if ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	reason, err := r.reason(printed)
	return nil, reason, err
}

func losses(done operations) error {
	if lost := done.lost(); len(lost) > 0 {
		return fmt.Errorf("lost: %s", strings.Join(lost, ", "))
	}
	return nil
}

// deploy makes changes together, and takes them back. If together they fail, each half of them is tried.
func (r *Runner) deploy(ctx context.Context, batch []*Result) error {
	before, err := r.file.read()
	if err != nil {
		return err
	}
	plans := make([]operations, len(batch))
	for i, result := range batch {
		plans[i] = result.planned
		if err := r.change(ctx, result.Change); err != nil {
			return err
		}
	}
	there, err := r.up(ctx, batch, plans)
	if err != nil {
		return err
	}
	for i, result := range batch {
		result.Done, result.Restarts, result.Err = there[i].Done, there[i].Restarts, there[i].Err
	}
	if there[0].Err != nil && there[0].Done == nil { // it failed: the next starts from what it was
		if err := r.file.write(before); err != nil {
			return err
		}
		if _, printed, err := r.pulumi(ctx, "up", "--yes", "--skip-preview"); err != nil {
			return fmt.Errorf("the way back: %w\n%s", err, printed)
		}
		half := len(batch) / 2
		if half == 0 {
			return nil
		}
		// Values that are valid alone may exclude each other, as virtualClusters.admission: deny and demo: true do.
		if err := r.deploy(ctx, batch[:half]); err != nil {
			return err
		}
		return r.deploy(ctx, batch[half:])
	}
	return r.back(ctx, batch, before)
}

// up deploys what was planned, and says what it did for each of the plans.
func (r *Runner) up(ctx context.Context, batch []*Result, plans []operations) ([]Result, error) {
	outcomes := make([]Result, len(batch))
	before, err := r.workloads(ctx)
	if err != nil {
		return nil, err
	}
	done, printed, err := r.pulumi(ctx, "up", "--yes", "--skip-preview")
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		for i := range outcomes {
			outcomes[i].Err = fmt.Errorf("the preview passes, and the update fails:\n%s", printed)
		}
		return outcomes, nil
	}
	time.Sleep(operatorTime)
	after, err := r.workloads(ctx)
	if err != nil {
		return nil, err
	}
	restarts, planned, claimed := restarted(before, after), operations{}, 0
	for i, plan := range plans {
		maps.Copy(planned, plan)
		outcomes[i].Done = done.of(plan)
		outcomes[i].Restarts = inReleases(restarts, outcomes[i].Done)
		claimed += len(outcomes[i].Restarts)
	}
	var problem error
	if more := done.beyond(planned); len(more) > 0 {
		problem = fmt.Errorf("done without having been planned: %s", strings.Join(more, ", "))
	} else if claimed != len(restarts) {
		problem = fmt.Errorf("restarts of releases that did not change: %v", restarts)
	}
	for i := range outcomes {
		outcomes[i].Err = errors.Join(problem, losses(outcomes[i].Done))
	}
	return outcomes, nil
}

// back takes the changes back. One that the program refuses to take back stays.
func (r *Runner) back(ctx context.Context, batch []*Result, before stackFile) error {
	changed, err := r.file.read()
	if err != nil {
		return err
	}
	if err := r.file.write(before); err != nil {
		return err
	}
	left, plans := batch, []operations{}
	if _, refused, err := r.preview(ctx); err != nil {
		return err
	} else if refused != "" {
		if left, err = r.keep(ctx, batch, changed, before); err != nil {
			return err
		}
	}
	if len(left) == 0 {
		return nil
	}
	for _, result := range left {
		plans = append(plans, result.planned.inverse())
	}
	there, err := r.up(ctx, left, plans)
	if err != nil {
		return err
	}
	for i, result := range left {
		back := there[i]
		result.Err = errors.Join(result.Err, back.Err)
		if !maps.Equal(back.Done, result.Done.inverse()) || !slices.Equal(back.Restarts, result.Restarts) {
			result.Back = &back
		}
	}
	return nil
}

// keep finds the changes that cannot be taken back, leaves them in the stack file and returns the others.
func (r *Runner) keep(ctx context.Context, batch []*Result, changed, before stackFile) ([]*Result, error) {
	var left []*Result
	for _, result := range batch {
		if err := r.file.write(changed); err != nil {
			return nil, err
		}
		if err := r.restore(result.Change, before); err != nil {
			return nil, err
		}
		_, refused, err := r.preview(ctx)
		if err != nil {
			return nil, err
		}
		if refused != "" {
			result.Back = &Result{Refused: refused}
		} else {
			left = append(left, result)
		}
	}
	if err := r.file.write(changed); err != nil {
		return nil, err
	}
	for _, result := range left {
		if err := r.restore(result.Change, before); err != nil {
			return nil, err
		}
	}
	return left, nil
}
