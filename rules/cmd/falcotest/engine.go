package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doks-security/rules/lint"
)

// askFalco validates the files behind the pinned rules of Falco's own, replays the cases, and asks about the verdicts,
// or records why it cannot. A Falco that was named and is not there is an error.
func (r *report) askFalco(ctx context.Context, o options, base, tested []lint.File, suites []lint.Suite) error {
	engines, err := lint.FindEngines(ctx, strings.TrimPrefix(o.engine, anyEngine))
	if err != nil && o.engine != anyEngine {
		return err
	}
	if err != nil {
		r.Skipped = err.Error()
		return nil
	}
	stock, err := pinnedStock(ctx, o)
	if err != nil {
		r.Skipped = err.Error()
		return nil
	}
	var verdicts []lint.Verdict
	if o.verdicts != "" {
		if verdicts, err = lint.ReadVerdicts(o.verdicts); err != nil {
			return err
		}
	}
	base = append(stock, base...)
	files := slices.Concat(base, tested)
	for _, engine := range engines {
		problems, err := validate(ctx, engine, append(files, loadedAfter(suites, tested)...))
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

// pinnedStock are the files of a ruleset: each the one that was given if that is the pinned one, otherwise that of the
// cache or the internet.
func pinnedStock(ctx context.Context, o options) ([]lint.File, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("finding the cache: %w", err)
	}
	var files []lint.File
	for _, stock := range lint.StocksOf(o.ruleset) {
		file, err := readAny(stock, o.stock)
		if err != nil {
			file, err = stock.Fetch(ctx, filepath.Join(cache, "doks-security"))
		}
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// readAny reads the first of the paths that is the pinned file.
func readAny(stock lint.Stock, paths []string) (file lint.File, err error) {
	err = os.ErrNotExist
	for _, path := range paths {
		if file, err = stock.Read(path); err == nil {
			return file, nil
		}
	}
	return file, err
}

// validate asks an engine about files, without its warnings of Falco's own.
func validate(ctx context.Context, engine lint.Engine, files []lint.File) (lint.Problems, error) {
	problems, err := engine.Validate(ctx, files)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(problems, func(p lint.Problem) bool {
		return p.Warning && slices.ContainsFunc(files, func(f lint.File) bool { return f.Stock && f.Name == p.File })
	}), nil
}
