package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"doks-security/stack"
	"doks-security/stack/stacktest"
)

// uncommented reads a variant of a sample as the program does. Encrypted values are replaced by placeholders.
func uncommented(text string) error {
	file, err := stack.ReadFile("the sample", []byte(text))
	if err != nil {
		return err
	}
	config, _, err := file.Config(func(path string, _ any) any { return stacktest.Placeholder(path) })
	if err != nil {
		return err
	}
	_, err = stack.Parse("qa", stack.OwnKeys(config))
	return err
}

// roomy is a sample on nodes on which every option has room.
func roomy(t *testing.T, profile string) string {
	t.Helper()
	text, err := render("qa", profile)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("size: s-2vcpu-4gb", "size: s-4vcpu-8gb", "count: 2", "count: 3").Replace(text)
}

// all sets every commented setting.
func all(text string) string {
	for variants := stacktest.Uncommented(text); len(variants) > 0; variants = stacktest.Uncommented(text) {
		text = variants[0].Text
	}
	return text
}

// rules makes the directory of the sample's runtimeSecurity.rules.
func rules(t *testing.T) {
	t.Helper()
	const good = "../../testdata/rules/good"
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "our-rules"), os.DirFS(good)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
}

// Each commented setting is valid once it is set, by itself and with all others.
func TestCommentedSettingsAreValid(t *testing.T) {
	rules(t)
	for _, profile := range []string{"dev", "prod"} {
		text := roomy(t, profile)
		variants := stacktest.Uncommented(text)
		if len(variants) < 20 {
			t.Errorf("%s: %d commented settings, want at least 20", profile, len(variants))
		}
		for _, v := range variants {
			if err := uncommented(v.Text); err != nil {
				t.Errorf("%s: %s: %v", profile, v.Setting, err)
			}
		}
		if err := uncommented(all(text)); err != nil {
			t.Errorf("%s with every setting: %v", profile, err)
		}
	}
}

// A commented setting that does not exist, or no longer, is found: wherever it is in the sample.
func TestMisspelledCommentedSettingsAreFound(t *testing.T) {
	rules(t)
	key := regexp.MustCompile(`(?m)^# {3,}(?:- )?([A-Za-z:-]+):(?: |$)`)
	for _, profile := range []string{"dev", "prod"} {
		text := roomy(t, profile)
		keys := key.FindAllStringSubmatchIndex(text, -1)
		if len(keys) < 50 {
			t.Errorf("%s: %d keys in comments, want at least 50", profile, len(keys))
		}
		for _, at := range keys {
			before, name, after := text[:at[2]], text[at[2]:at[3]], text[at[3]:]
			if err := uncommented(all(before + name + "x" + after)); err == nil || !strings.Contains(err.Error(), name+"x") {
				t.Errorf("%s: %sx: error %v, want one that names it", profile, name, err)
			}
		}
	}
}
