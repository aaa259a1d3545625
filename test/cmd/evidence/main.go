// Command evidence packs a directory into an archive with checksums. See package evidence.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"doks-security/test/evidence"
)

func main() {
	dir := flag.String("dir", "", "the `directory` to pack")
	out := flag.String("out", "", "the archive to write, a .tar.gz `file`")
	seconds := flag.Int64("time", 0, "the time of every file, in `seconds` since 1970")
	flag.Parse()
	if err := evidence.Archive(*dir, *out, time.Unix(*seconds, 0)); err != nil {
		fmt.Fprintln(os.Stderr, "evidence:", err)
		os.Exit(1)
	}
}
