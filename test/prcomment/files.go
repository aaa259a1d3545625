package prcomment

import (
	"fmt"
	"io/fs"
	"os"
)

// mostBytes is how much one set of manifests may hold: a stack's is a tenth of it.
const mostBytes = 64 << 20

// texts are the files below root, by their path. Links are refused: a set from elsewhere must not show what else is on
// this machine.
func texts(root *os.Root) (map[string]string, error) {
	all := map[string]string{}
	left := int64(mostBytes)
	err := fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no regular file", path)
		}
		if left -= info.Size(); left < 0 {
			return fmt.Errorf("more than %d MiB", mostBytes>>20)
		}
		text, err := root.ReadFile(path)
		all[path] = string(text)
		return err
	})
	return all, err
}
