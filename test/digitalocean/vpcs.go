package digitalocean

import (
	"net/http"
	"net/netip"
	"regexp"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

func (s *Simulator) routeVPCs(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/vpcs", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		list(w, r, "vpcs", sorted(s.vpcs, func(v *godo.VPC) string { return v.Name }))
	})
	mux.HandleFunc("POST /v2/vpcs", s.createVPC)
	mux.HandleFunc("GET /v2/vpcs/{id}", s.withVPC(func(w http.ResponseWriter, _ *http.Request, v *godo.VPC) {
		reply(w, http.StatusOK, "vpc", v)
	}))
	mux.HandleFunc("GET /v2/vpcs/{id}/members", s.withVPC(func(w http.ResponseWriter, r *http.Request, v *godo.VPC) {
		list(w, r, "members", s.membersOf(v.ID))
	}))
	mux.HandleFunc("PUT /v2/vpcs/{id}", s.withVPC(s.updateVPC))
	mux.HandleFunc("PATCH /v2/vpcs/{id}", s.withVPC(s.updateVPC))
	mux.HandleFunc("DELETE /v2/vpcs/{id}", s.withVPC(func(w http.ResponseWriter, _ *http.Request, v *godo.VPC) {
		switch {
		case v.Default: // https://github.com/digitalocean/doctl/issues/930
			refuse(w, http.StatusForbidden, "Can not delete default VPCs")
		case s.members[v.ID] > 0 || len(s.membersOf(v.ID)) > 0: // https://github.com/pulumi/pulumi-digitalocean/issues/753
			refuse(w, http.StatusConflict, "Can not delete VPC with members")
		default:
			delete(s.vpcs, v.ID)
			w.WriteHeader(http.StatusNoContent)
		}
	}))
}

func (s *Simulator) createVPC(w http.ResponseWriter, r *http.Request) {
	var request godo.VPCCreateRequest
	if !read(w, r, &request) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isRegion(request.RegionSlug) {
		invalid(w, "region %q is not available", request.RegionSlug)
		return
	}
	if message := s.invalidName("", request.Name); message != "" {
		invalid(w, "%s", message)
		return
	}
	if request.IPRange == "" { // https://docs.digitalocean.com/reference/api/ (VPCs): a /20 that is free
		request.IPRange = free(20, s.networks()).String()
	}
	if message := invalidRange(request.IPRange, request.RegionSlug, s.networks()); message != "" {
		invalid(w, "%s", message)
		return
	}
	reply(w, http.StatusCreated, "vpc", s.addVPC(&godo.VPC{
		Name: request.Name, Description: request.Description, RegionSlug: request.RegionSlug, IPRange: request.IPRange,
		// the first of a region: https://github.com/digitalocean/godo/issues/337
		Default: s.defaultVPC(request.RegionSlug) == nil,
	}))
}

func (s *Simulator) addVPC(v *godo.VPC) *godo.VPC {
	v.ID, v.CreatedAt = uuid.NewString(), now()
	v.URN = "do:vpc:" + v.ID
	s.vpcs[v.ID] = v
	return v
}

func (s *Simulator) defaultVPC(region string) *godo.VPC {
	for _, v := range s.vpcs {
		if v.Default && v.RegionSlug == region {
			return v
		}
	}
	return nil
}

// RemoveDefaultVPC leaves a region without VPC, as an account has it that never used the region.
func (s *Simulator) RemoveDefaultVPC(region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.options.DefaultVPCs, region) // one that is created is left over
	if v := s.defaultVPC(region); v != nil {
		delete(s.vpcs, v.ID)
	}
}

var vpcName = regexp.MustCompile(`^[a-zA-Z0-9\-.]+$`)

// invalidName says what is wrong with the name of the VPC with that id; empty for a new one.
func (s *Simulator) invalidName(id, name string) string {
	if !vpcName.MatchString(name) {
		return "Name may only contain alphanumeric characters, dashes, and periods"
	}
	for _, v := range s.vpcs {
		if v.Name == name && v.ID != id {
			return "a VPC with the same name already exists in your account"
		}
	}
	return ""
}

// invalidRange says what is wrong with the range of a new VPC.
func invalidRange(ipRange, region string, networks []network) string {
	prefix, err := netip.ParsePrefix(ipRange)
	switch {
	case err != nil || prefix != prefix.Masked() || !prefix.Addr().Is4() || !prefix.Addr().IsPrivate():
		return "ip_range must be a network of private addresses (RFC 1918) in CIDR notation"
	case prefix.Bits() < 16 || prefix.Bits() > 28:
		return "ip_range may not be smaller than /28 nor larger than /16"
	}
	for _, r := range reserved {
		if r.prefix.Overlaps(prefix) && (r.region == "" || r.region == region) {
			return "This range/size overlaps with a range that is reserved: " + r.prefix.String()
		}
	}
	return overlapping(prefix, networks)
}

func (s *Simulator) updateVPC(w http.ResponseWriter, r *http.Request, v *godo.VPC) {
	request := godo.VPCUpdateRequest{Name: v.Name, Description: v.Description}
	if !read(w, r, &request) {
		return
	}
	if message := s.invalidName(v.ID, request.Name); message != "" {
		invalid(w, "%s", message)
		return
	}
	v.Name, v.Description = request.Name, request.Description
	if request.Default != nil && *request.Default {
		if old := s.defaultVPC(v.RegionSlug); old != nil {
			old.Default = false
		}
		v.Default = true
	}
	reply(w, http.StatusOK, "vpc", v)
}

// withVPC finds the VPC of the path; the handler holds the account's lock.
func (s *Simulator) withVPC(handle func(http.ResponseWriter, *http.Request, *godo.VPC)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		v, ok := s.vpcs[r.PathValue("id")]
		if !ok {
			notFound(w)
			return
		}
		handle(w, r, v)
	}
}

// membersOf are the clusters and their Droplets in a VPC, and load balancers left behind in it.
func (s *Simulator) membersOf(vpc string) []godo.VPCMember {
	var members []godo.VPCMember
	for _, c := range sorted(s.clusters, func(c *cluster) string { return c.Name }) {
		if c.VPCUUID != vpc {
			continue
		}
		members = append(members, godo.VPCMember{URN: c.URN(), Name: c.Name, CreatedAt: c.CreatedAt})
		for _, d := range droplets(c) {
			urn := "do:droplet:" + d.node.DropletID
			members = append(members, godo.VPCMember{URN: urn, Name: d.node.Name, CreatedAt: d.node.CreatedAt})
		}
	}
	for _, b := range sorted(s.balancers, func(b godo.LoadBalancer) string { return b.Name }) {
		if b.VPCUUID == vpc {
			members = append(members, godo.VPCMember{URN: b.URN(), Name: b.Name})
		}
	}
	return members
}

// leaving counts the members that are on their way out of a VPC.
func (s *Simulator) leaving(vpc string, change int) { s.members[vpc] += change }
