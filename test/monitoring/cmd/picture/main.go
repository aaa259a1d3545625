// Command picture draws the dashboards as they look on the generated day at 16:00, two hours after the incident: the
// queries are answered by Prometheus' engine, the charts drawn by uPlot, the page turned into a picture by Chromium.
// Grafana is not part of it.
//
//	picture <directory>
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"doks-security/test/monitoring/dashboards"
	"doks-security/test/monitoring/scenario"
)

// now is the time at which the dashboards are viewed.
var now = scenario.Midnight.Add(16 * time.Hour)

// Of the page, in pixels: its width, a grid cell's height with the gap, and all that is above the grid.
const width, cell, gap, header = 1200, 28, 8, 66

//go:embed page.html
var pageText string

//go:embed draw.js
var drawing string

var page = template.Must(template.New("page").Parse(pageText))

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: picture <directory>")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string) error {
	browser, err := findBrowser()
	if err != nil {
		return err
	}
	found, err := dashboards.Read()
	if err != nil {
		return err
	}
	lived, err := scenario.Live(ctx, "native")
	if err != nil {
		return err
	}
	defer lived.Close()
	dir, err := os.MkdirTemp("", "picture")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for uid, d := range found {
		html, png := filepath.Join(dir, uid+".html"), filepath.Join(out, uid+".png")
		height, err := write(ctx, lived, d, html)
		if err != nil {
			return err
		}
		if err := shoot(ctx, browser, html, png, height); err != nil {
			return err
		}
		fmt.Println(png)
	}
	return nil
}

// write draws a dashboard as a page that needs nothing else, and returns its height.
func write(ctx context.Context, lived *scenario.Day, d dashboards.Dashboard, file string) (int, error) {
	panels, err := answer(ctx, lived, d)
	if err != nil {
		return 0, err
	}
	library, err := os.ReadFile("node_modules/uplot/dist/uPlot.iife.min.js")
	if err != nil {
		return 0, fmt.Errorf("uPlot is not installed (make packages, which needs npm): %w", err)
	}
	style, err := os.ReadFile("node_modules/uplot/dist/uPlot.min.css")
	if err != nil {
		return 0, err
	}
	rows := 0
	for _, p := range panels {
		rows = max(rows, p.GridPos.Y+p.GridPos.H)
	}
	to, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	defer to.Close()
	return header + rows*(cell+gap) + gap, page.Execute(to, map[string]any{
		"Title": d.Title, "From": now.Add(-shownTime).Format("2006-01-02 15:04"), "To": now.Format("15:04"), "Panels": panels,
		"Seconds": [2]int64{now.Add(-shownTime).Unix(), now.Unix()},
		"Width":   width, "Cell": cell, "Gap": gap, "Header": header,
		"Library": template.JS(library), "Style": template.CSS(style), "Drawing": template.JS(drawing),
	})
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no pictures can be taken: Chromium is not installed")
}

// shoot takes a picture of a page.
func shoot(ctx context.Context, browser, html, png string, height int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	args := []string{"--headless", "--hide-scrollbars", "--disable-gpu", "--force-device-scale-factor=1.25",
		fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot=" + png}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // which Chromium demands of root; the page is our own
	}
	if output, err := exec.CommandContext(ctx, browser, append(args, "file://"+html)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", browser, err, output)
	}
	return nil
}
