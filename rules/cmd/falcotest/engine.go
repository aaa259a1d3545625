package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doks-security/rules/judge"
)

// askFalco validates the files behind the pinned rules of Falco's own, replays the cases, and asks about the verdicts,
// or records why it cannot. A Falco that was named and is not there is an error.
func (r *report) askFalco(ctx context.Context, o options, base, tested []judge.File, suites []judge.Suite) error {
	engines, err := judge.FindEngines(ctx, strings.TrimPrefix(o.engine, anyEngine))
	if err != nil && o.engine != anyEngine {
		return err
	}
	if err != nil {
		r.Skipped = err.Error()
		return nil
	}
	stock, err := pinnedStock(ctx, o.stock)
	if err != nil {
		r.Skipped = err.Error()
		return nil
	}
	var verdicts []judge.Verdict
	if o.verdicts != "" {
		if verdicts, err = judge.ReadVerdicts(o.verdicts); err != nil {
			return err
		}
	}
	base = append([]judge.File{stock}, base...)
	files := slices.Concat(base, tested)
	for _, engine := range engines {
		problems, err := validate(ctx, engine, stock, append(files, loadedAfter(suites, tested)...))
		if err != nil {
			return err
		}
		r.Replayed = 0
		for _, s := range suites {
			differ, replayed, err := engine.Replay(ctx, base, s)
			if err != nil {
				return err
			}
			problems, r.Replayed = append(problems, differ...), r.Replayed+replayed
		}
		contradicted, err := engine.CheckVerdicts(ctx, files, verdicts)
		if err != nil {
			return err
		}
		r.add(kindEngine, append(problems, contradicted...))
		r.Engines = append(r.Engines, engine.Name)
	}
	r.Verdicts = len(verdicts)
	return nil
}

// pinnedStock is the file that was given if it is the pinned one, otherwise that of the cache or the internet.
func pinnedStock(ctx context.Context, given string) (judge.File, error) {
	if given != "" {
		if stock, err := judge.StockRules.Read(given); err == nil {
			return stock, nil
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return judge.File{}, fmt.Errorf("finding the cache: %w", err)
	}
	return judge.StockRules.Fetch(ctx, filepath.Join(cache, "doks-security"))
}

// validate asks an engine about files, without its warnings of Falco's own.
func validate(ctx context.Context, engine judge.Engine, stock judge.File, files []judge.File) (judge.Problems, error) {
	problems, err := engine.Judge(ctx, files)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(problems, func(p judge.Problem) bool { return p.File == stock.Name && p.Warning }), nil
}
