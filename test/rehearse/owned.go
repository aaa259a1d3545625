package rehearse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ownedPrefix begins the name of every directory that a rehearsal makes below the system's temporary directory.
const ownedPrefix = "doks-rehearsal-"

// ownerFile is locked by the process that a directory belongs to, for as long as that process runs: the kernel releases
// the lock however the process ends.
const ownerFile = ".owner"

// unlockedTime is how long a directory without an owner file is left alone: its process may be about to write it.
const unlockedTime = time.Hour

// owned is a directory of this process.
type owned struct {
	path  string
	owner *os.File
}

// newOwned makes a directory of this process, and removes those of processes that were killed.
func newOwned() (_ *owned, err error) {
	sweep()
	path, err := os.MkdirTemp("", ownedPrefix)
	if err != nil {
		return nil, fmt.Errorf("making the rehearsal's directory: %w", err)
	}
	owner, err := lockOwner(path, os.O_CREATE)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking the rehearsal's directory: %w", err), os.RemoveAll(path))
	}
	return &owned{path, owner}, nil
}

func (o *owned) remove() error {
	err := os.RemoveAll(o.path)
	if err != nil {
		err = fmt.Errorf("removing the rehearsal's directory: %w", err)
	}
	return errors.Join(err, o.owner.Close())
}

// lockOwner fails when another process has the lock.
func lockOwner(dir string, flags int) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, ownerFile), os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// sweep removes the directories that no running process owns. One that cannot be removed is left for the next time.
func sweep() {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), ownedPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		owner, err := lockOwner(dir, 0)
		switch {
		case err == nil:
			_ = os.RemoveAll(dir)
			_ = owner.Close()
		case errors.Is(err, os.ErrNotExist):
			if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > unlockedTime {
				_ = os.RemoveAll(dir)
			}
		}
	}
}
