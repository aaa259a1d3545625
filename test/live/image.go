package live

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// users are the accounts of every image: those that images name.
const (
	users  = "root:x:0:0::/:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n"
	groups = "root:x:0:\nnobody:x:65534:\n"
)

// libraryDirs are where the dynamic linker finds the libraries of programs that are not static.
var libraryDirs = []string{
	"/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib",
}

// layer is an image's only layer, as it is written.
type layer struct {
	tar  *tar.Writer
	seen map[string]bool
	err  error
}

func (l *layer) add(header *tar.Header, content io.Reader) {
	name := strings.Trim(path.Clean("/"+header.Name), "/")
	if l.err != nil || name == "" || l.seen[name] {
		return
	}
	l.dir(path.Dir(name), 0o755)
	if l.err != nil {
		return
	}
	l.seen[name] = true
	header.Name = name
	if l.err = l.tar.WriteHeader(header); l.err == nil && content != nil {
		_, l.err = io.Copy(l.tar, content)
	}
}

func (l *layer) dir(name string, mode int64) {
	if name = strings.Trim(path.Clean("/"+name), "/"); name != "" {
		l.add(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}, nil)
	}
}

func (l *layer) text(name, text string) {
	l.add(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(text))}, strings.NewReader(text))
}

func (l *layer) link(name, target string) {
	l.add(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}, nil)
}

// file adds an executable file of this machine, and the libraries that it needs.
func (l *layer) file(name, source string) {
	content, err := os.Open(source)
	if err != nil {
		l.err = err
		return
	}
	defer content.Close()
	info, err := content.Stat()
	if err != nil {
		l.err = err
		return
	}
	l.add(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: info.Size()}, content)
	binary, err := elf.Open(source)
	if err != nil {
		return // a script
	}
	defer binary.Close()
	for _, segment := range binary.Progs {
		if segment.Type == elf.PT_INTERP {
			interpreter, err := io.ReadAll(segment.Open())
			if linker := string(bytes.TrimRight(interpreter, "\x00")); err == nil && !l.seen[strings.Trim(linker, "/")] {
				l.file(linker, linker)
			}
		}
	}
	needed, _ := binary.ImportedLibraries() // none: it is static
	for _, library := range needed {
		for _, dir := range libraryDirs {
			file := filepath.Join(dir, library)
			if _, err := os.Stat(file); err == nil && !l.seen[strings.Trim(file, "/")] {
				l.file(file, file)
			}
		}
	}
}

// write makes an image of one layer, which fill fills, and puts its blobs into dir under their digests. It returns the
// manifest's.
func write(dir string, config v1.ImageConfig, fill func(*layer)) (digest.Digest, error) {
	content, err := os.CreateTemp(dir, "layer-")
	if err != nil {
		return "", err
	}
	defer content.Close()
	hash := sha256.New()
	l := &layer{tar: tar.NewWriter(io.MultiWriter(content, hash)), seen: map[string]bool{}}
	l.dir("tmp", 0o1777)
	l.text("etc/passwd", users)
	l.text("etc/group", groups)
	if config.WorkingDir != "" {
		l.dir(config.WorkingDir, 0o755)
	}
	fill(l)
	if l.err == nil {
		l.err = l.tar.Close()
	}
	if l.err != nil {
		return "", l.err
	}
	size, err := content.Seek(0, io.SeekCurrent)
	if err != nil {
		return "", err
	}
	layerDigest := digest.NewDigest(digest.SHA256, hash)
	if err := os.Rename(content.Name(), blob(dir, layerDigest)); err != nil {
		return "", err
	}
	config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	configDescriptor, err := writeJSON(dir, v1.MediaTypeImageConfig, v1.Image{
		Platform: v1.Platform{Architecture: runtime.GOARCH, OS: "linux"}, Config: config,
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{layerDigest}},
	})
	if err != nil {
		return "", err
	}
	manifest, err := writeJSON(dir, v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, Config: configDescriptor,
		Layers: []v1.Descriptor{{MediaType: v1.MediaTypeImageLayer, Digest: layerDigest, Size: size}},
	})
	return manifest.Digest, err
}

func blob(dir string, d digest.Digest) string { return filepath.Join(dir, d.Encoded()) }

func writeJSON(dir, mediaType string, content any) (v1.Descriptor, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return v1.Descriptor{}, err
	}
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(text), Size: int64(len(text))}
	return d, os.WriteFile(blob(dir, d.Digest), text, 0o600)
}

// realImage is the image of a program that runs.
func realImage(dir string, p Program) (digest.Digest, error) {
	config := v1.ImageConfig{Entrypoint: p.Command, User: p.User, WorkingDir: p.Dir}
	return write(dir, config, func(l *layer) { l.file(absolute(p.Dir, p.Command[0]), p.File) })
}

// standInImage is the image of a stand-in for the containers that name it.
func standInImage(dir, standIn string, u *use) (digest.Digest, error) {
	text, err := json.Marshal(u)
	if err != nil {
		return "", err
	}
	config := v1.ImageConfig{Entrypoint: []string{standInPath}, User: fmt.Sprint(nobody)}
	return write(dir, config, func(l *layer) {
		l.text("etc/stand-in.json", string(text))
		l.file(standInPath, standIn)
		for _, command := range u.commands {
			if !path.IsAbs(command) {
				command = path.Join("/bin", command)
			}
			l.link(command, standInPath)
		}
	})
}

// absolute is a command's path, relative to dir unless it is absolute.
func absolute(dir, command string) string {
	if path.IsAbs(command) {
		return command
	}
	return path.Join(dir, command)
}
