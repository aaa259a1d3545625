package evidence

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

const checksums = "SHA256SUMS"

// Archive writes the files of a directory into the .tar.gz file out, below a directory of its name, with their
// checksums in SHA256SUMS, as sha256sum --check reads them. The same files and time give the same bytes, on every
// machine.
func Archive(dir, out string, modified time.Time) (err error) {
	var sums strings.Builder
	var names []string
	err = filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(dir, file)
		if err = errors.Join(err, relErr); err != nil || entry.IsDir() || name == checksums {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		names = append(names, filepath.ToSlash(name))
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, checksums), []byte(sums.String()), 0o644); err != nil {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	packed := gzip.NewWriter(file)
	archive := tar.NewWriter(packed)
	for _, name := range append(names, checksums) {
		if err := add(archive, dir, name, modified); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), packed.Close())
}

func add(archive *tar.Writer, dir, name string, modified time.Time) error {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	err = archive.WriteHeader(&tar.Header{Name: path.Join(filepath.Base(dir), name), Mode: 0o644, Size: info.Size(),
		ModTime: modified, Format: tar.FormatPAX})
	if err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}
