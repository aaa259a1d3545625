package drill

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/stack"
)

func stateDrills() []Drill {
	return []Drill{
		{Name: "two-runs", What: "Two people run `pulumi up` at once.", From: Deployed, Do: func(r *Run) {
			r.ChangeLoki()
			started, met := make(chan struct{}), make(chan struct{})
			r.session.SetProgram(func(ctx *pulumi.Context) error { // the first runs until the second has met it
				err := stack.Deploy(ctx)
				select {
				case <-met:
				case <-r.Done():
				}
				return err
			})
			wait := r.start("pulumi up --skip-preview", "Release loki updating", func(*exec.Cmd) { close(started) })
			select {
			case <-started:
			case <-r.Done():
				r.Fatalf("the first run did not get that far")
			}
			r.session.SetProgram(nil)
			r.Fails("pulumi up", "the stack is currently locked by")
			close(met)
			if _, err := wait(); err != nil {
				r.Fatalf("the first run: %v", err)
			}
			r.Recover("pulumi up")
		}},
		{Name: "state-restored", What: "An older state is restored; it lacks a release and an object that the cluster has.",
			From: Deployed, Do: func(r *Run) {
				r.forget("kubernetes:helm.sh/v3:Release", "alloy")
				r.forget("kubernetes:networking.k8s.io/v1:NetworkPolicy", "node-agents-default-deny-ingress")
				printed := adoption.FindStringSubmatch(r.Fails("pulumi up", forgotten))
				if printed == nil {
					r.Fatalf("the message has no command")
				}
				r.Recover(printed[1], printed[2], "pulumi up")
			}},
		{Name: "disk-full", What: "The disk is full when Pulumi stores the state.", From: Deployed, Do: diskFull},
	}
}

// forgotten is what a preview says of releases that the cluster has and the state does not, and adoption finds its
// commands.
const forgotten = "Helm releases of this stack that are not in its state"

var adoption = regexp.MustCompile(`: (helm uninstall .+) && (.* pulumi up)`)

// upsert makes the Kubernetes provider update objects that are there already, instead of failing to create them. The
// state keeps it as an input of the provider until the next run without it.
const upsert = "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true "

// forget removes a resource from the state alone.
func (r *Run) forget(token, name string) {
	var export exportedState
	r.must("reading the state", json.Unmarshal([]byte(r.Succeeds("pulumi stack export")), &export))
	for _, known := range export.Deployment.Resources {
		if string(known.URN.Type()) == token && known.URN.Name() == name {
			r.Succeeds("pulumi state delete '" + string(known.URN) + "'")
			return
		}
	}
	r.Fatalf("the state has no %s %s", token, name)
}

// diskFull gives the state its own small file system, and fills it while a run is under way.
func diskFull(r *Run) {
	state := r.session.State()
	if os.Geteuid() != 0 {
		r.Skip("mounting a small file system needs root")
	}
	kept := filepath.Join(r.session.Dir(), "state-before")
	r.must("keeping the state", os.Rename(state, kept))
	r.must("making the mount point", os.Mkdir(state, 0o700))
	room := fmt.Sprintf("size=%d", sizeOf(r, kept)+16<<20)
	if err := syscall.Mount("tmpfs", state, "tmpfs", 0, room); err != nil {
		r.must("taking the state back", errors.Join(os.Remove(state), os.Rename(kept, state)))
		r.Skip("a small file system cannot be mounted: " + err.Error())
	}
	r.must("copying the state", os.CopyFS(state, os.DirFS(kept)))
	r.Cleanup(func() { // the state goes back to where it was
		_ = os.RemoveAll(kept)
		_ = os.CopyFS(kept, os.DirFS(state))
		_ = syscall.Unmount(state, 0)
		_ = os.Remove(state)
		_ = os.Rename(kept, state)
	})
	filler := filepath.Join(state, "filler")
	r.ChangeLoki()
	ended := make(chan struct{})
	text, err := r.start("pulumi up --skip-preview", "Release loki updating", func(*exec.Cmd) { go fill(filler, ended) })()
	close(ended)
	if err == nil {
		r.Fatalf("the run succeeded on a full disk")
	}
	r.sees("pulumi up", text, "no space left on device")
	r.RecoverBy("df . # free space, then in the directory of the state:",
		func() { r.must("making room", os.Remove(filler)) })
	// Pulumi may have replaced the state, and its backup, with what it could write of them.
	r.RecoverBy("cp .pulumi/history/doks-security/dev/dev-<number>.checkpoint.json .pulumi/stacks/doks-security/dev.json "+
		"# the newest that is complete JSON", func() {
		// the time is in their names
		kept, err := filepath.Glob(filepath.Join(state, ".pulumi/history/doks-security/dev/*.checkpoint.json"))
		r.must("finding the checkpoints", err)
		for _, file := range slices.Backward(kept) {
			checkpoint, err := os.ReadFile(file)
			r.must("reading a checkpoint", err)
			if json.Valid(checkpoint) {
				r.must("restoring the state", os.WriteFile(filepath.Join(state, ".pulumi/stacks/doks-security/dev.json"),
					checkpoint, 0o600))
				return
			}
		}
		r.Fatalf("no checkpoint is complete")
	})
	r.Recover("pulumi cancel", "pulumi refresh --run-program", "pulumi up")
}

// fill writes into a file as much as there is room, until the run has ended: what Pulumi gives up makes room again.
func fill(file string, ended chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
		if f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
			_, _ = f.Write(make([]byte, 4<<20))
			_ = f.Close()
		}
	}
}

// sizeOf is what the files of a directory take, in bytes.
func sizeOf(r *Run, dir string) int64 {
	var size int64
	r.must("measuring the state", filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += (info.Size() + 4095) &^ 4095
		}
		return err
	}))
	return size
}
