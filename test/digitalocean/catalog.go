package digitalocean

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
)

// regions of DigitalOcean; those without Kubernetes are old. See
// https://docs.digitalocean.com/platform/regional-availability/
var regions = []struct {
	slug, name string
	kubernetes bool
}{
	{"ams3", "Amsterdam 3", true}, {"atl1", "Atlanta 1", true}, {"blr1", "Bangalore 1", true},
	{"fra1", "Frankfurt 1", true}, {"lon1", "London 1", true}, {"nyc1", "New York 1", true},
	{"nyc2", "New York 2", true}, {"nyc3", "New York 3", true},
	{"sfo1", "San Francisco 1", false}, {"sfo2", "San Francisco 2", true}, {"sfo3", "San Francisco 3", true},
	{"sgp1", "Singapore 1", true}, {"syd1", "Sydney 1", true}, {"tor1", "Toronto 1", true},
}

func regionSlugs() []string {
	var slugs []string
	for _, r := range regions {
		slugs = append(slugs, r.slug)
	}
	return slugs
}

func isRegion(slug string) bool { return slices.Contains(regionSlugs(), slug) }

func hasKubernetes(region string) bool {
	for _, r := range regions {
		if r.slug == region {
			return r.kubernetes
		}
	}
	return false
}

// sizes are the Droplets a node can be, with list prices of November 2026: those of a family follow its CPUs.
var sizes = slices.Concat(
	[]godo.Size{size("s-1vcpu-2gb", 1, 2, 12), size("s-2vcpu-2gb", 2, 2, 18)},
	family("s-%dvcpu-%dgb", 2, 12, 2, 4, 8),
	family("s-%dvcpu-%dgb-amd", 2, 14, 2, 4, 8), family("s-%dvcpu-%dgb-intel", 2, 14, 2, 4, 8),
	family("g-%dvcpu-%dgb", 4, 31.5, 2, 4, 8, 16, 32, 40), family("gd-%dvcpu-%dgb", 4, 34, 2, 4, 8, 16, 32, 40),
	family("c-%d", 2, 21, 2, 4, 8, 16, 32), family("c2-%dvcpu-%dgb", 2, 23.5, 2, 4, 8, 16, 32),
	family("m-%dvcpu-%dgb", 8, 42, 2, 4, 8, 16, 24, 32), family("m3-%dvcpu-%dgb", 8, 52, 2, 4, 8, 16, 24, 32),
	family("so-%dvcpu-%dgb", 8, 65.5, 2, 4, 8, 16, 24, 32), family("so1_5-%dvcpu-%dgb", 8, 81.5, 2, 4, 8, 16, 24, 32),
	// The second is sold out everywhere.
	[]godo.Size{gpu("gpu-h100x1-80gb", 1, 3.39, "nyc2", "tor1"), gpu("gpu-h100x8-640gb", 8, 23.92)},
)

// dropletSizes cannot be nodes: DOKS wants 2 GB of memory.
var dropletSizes = []godo.Size{size("s-1vcpu-1gb", 1, 1, 6)}

// Sizes returns the Droplets a node can be.
func Sizes() []godo.Size { return slices.Clone(sizes) }

// family makes a size of each number of CPUs, with so many GB and so many US dollars a month a CPU.
func family(format string, gbPerCPU int, usdPerCPU float64, cpus ...int) []godo.Size {
	var list []godo.Size
	for _, n := range cpus {
		slug := fmt.Sprintf(format, n)
		if strings.Contains(format, "gb") {
			slug = fmt.Sprintf(format, n, n*gbPerCPU)
		}
		list = append(list, size(slug, n, n*gbPerCPU, usdPerCPU*float64(n)))
	}
	return list
}

func size(slug string, cpus, gb int, usd float64) godo.Size {
	return godo.Size{
		Slug: slug, Description: "Droplet", Vcpus: cpus, Memory: gb * 1024, Disk: 25 * gb, Transfer: 4,
		PriceMonthly: usd, PriceHourly: usd / 672, Regions: regionSlugs(), Available: true, DiskInfo: disks("local", 25*gb),
	}
}

// gpu is a size with so many NVIDIA H100, in the regions that have it.
func gpu(slug string, gpus int, usdPerHour float64, regions ...string) godo.Size {
	return godo.Size{
		Slug: slug, Description: fmt.Sprintf("H100 GPU - %dX", gpus), Vcpus: 20 * gpus, Memory: 240 * 1024 * gpus,
		Disk: 720 * gpus, Transfer: 15, PriceHourly: usdPerHour, PriceMonthly: usdPerHour * 744,
		Regions: append([]string{}, regions...), Available: len(regions) > 0, DiskInfo: disks("boot", 720*gpus),
		GPUInfo: &godo.GPUInfo{Count: gpus, Model: "nvidia_h100", VRAM: &godo.VRAM{Amount: 80 * gpus, Unit: "gib"}},
	}
}

func disks(kind string, gib int) []godo.DiskInfo {
	return []godo.DiskInfo{{Type: kind, Size: &godo.DiskSize{Amount: gib, Unit: "gib"}}}
}

// listed is a size as the API lists it; godo's type omits what is false or empty.
type listed struct {
	godo.Size
	Available bool     `json:"available"`
	Regions   []string `json:"regions"`
}

func allSizes() []listed {
	var all []listed
	for _, s := range slices.Concat(dropletSizes, sizes) {
		all = append(all, listed{s, s.Available, s.Regions})
	}
	return all
}

// offeredIn reports whether a new node in the region can have the size.
func offeredIn(region, slug string) bool {
	return slices.ContainsFunc(sizes, func(s godo.Size) bool {
		return s.Slug == slug && slices.Contains(s.Regions, region)
	})
}

// nodeSizeName is the name of a size among the options of Kubernetes: that of c-2 is c-2-4GiB.
func nodeSizeName(s godo.Size) string {
	if strings.Count(s.Slug, "-") == 1 && strings.HasPrefix(s.Slug, "c-") {
		return fmt.Sprintf("%s-%dGiB", s.Slug, s.Memory/1024)
	}
	return s.Slug
}

func isSize(slug string) bool {
	return slices.ContainsFunc(sizes, func(s godo.Size) bool { return s.Slug == slug })
}

// kubernetesOptions are what a new cluster can have.
func (s *Simulator) kubernetesOptions() godo.KubernetesOptions {
	o := godo.KubernetesOptions{}
	for _, v := range s.versions {
		o.Versions = append(o.Versions, version(v))
	}
	for _, r := range regions {
		if r.kubernetes {
			o.Regions = append(o.Regions, &godo.KubernetesRegion{Slug: r.slug, Name: r.name})
		}
	}
	for _, s := range sizes {
		o.Sizes = append(o.Sizes, &godo.KubernetesNodeSize{Slug: s.Slug, Name: nodeSizeName(s)})
	}
	return o
}

func (s *Simulator) routeCatalog(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/kubernetes/options", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		reply(w, http.StatusOK, "options", s.kubernetesOptions())
	})
	mux.HandleFunc("GET /v2/sizes", func(w http.ResponseWriter, r *http.Request) { list(w, r, "sizes", allSizes()) })
	mux.HandleFunc("GET /v2/regions", func(w http.ResponseWriter, r *http.Request) {
		var all []godo.Region
		for _, r := range regions {
			all = append(all, region(r.slug))
		}
		list(w, r, "regions", all)
	})
	mux.HandleFunc("GET /v2/account", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, "account", map[string]any{ // godo's leaves empty strings out, the API does not
			"uuid": "00000000000000000000000000000001", "name": "Rehearsal", "email": "rehearsal@example.com",
			"email_verified": true, "status": "active", "status_message": "", "droplet_limit": s.options.DropletLimit,
			"floating_ip_limit": 5, "reserved_ip_limit": 5, "volume_limit": 100,
		})
	})
}

// region is a region as the objects in it show it.
func region(slug string) godo.Region {
	for _, r := range regions {
		if r.slug == slug {
			region := godo.Region{Slug: r.slug, Name: r.name, Available: true, Features: []string{"metadata", "storage"}}
			for _, s := range allSizes() {
				if slices.Contains(s.Regions, slug) {
					region.Sizes = append(region.Sizes, s.Slug)
				}
			}
			return region
		}
	}
	return godo.Region{}
}
