package contract

import (
	"context"
	"os"
	"time"
)

// pullTime is how long the published charts may take to arrive.
const pullTime = 3 * time.Minute

// Find opens the published charts: those CHARTS_DIR names, as they are, or the user's cache, into which what is missing
// is pulled. Charts that cannot be pulled are no error: archives is nil then, and unreachable says why.
func Find(ctx context.Context) (archives *Archives, unreachable, err error) {
	dir, err := Dir()
	if err != nil {
		return nil, nil, err
	}
	if os.Getenv("CHARTS_DIR") == "" {
		pulling, cancel := context.WithTimeout(ctx, pullTime)
		defer cancel()
		if err := Pull(pulling, dir); err != nil {
			return nil, err, nil
		}
	}
	archives, err = Open(dir)
	return archives, nil, err
}
