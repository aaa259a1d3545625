package stack

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/account"
	"doks-security/components"
)

// Where Loki keeps its logs.
const (
	StorageVolume = "volume"
	StorageSpaces = "spaces"
)

// LoggingSettings place and size Loki's store.
type LoggingSettings struct {
	// Installs Loki and Alloy. All others are for true.
	Enabled bool `json:"enabled" default:"true"`
	// Where Loki keeps logs: a volume, or DigitalOcean Spaces.
	Storage string `json:"storage" default:"volume" enum:"volume,spaces"`
	// How long Loki keeps logs: days or hours, at least 24h.
	Retention string `json:"retention" default:"3d" prod:"30d" example:"2d" format:"period"`
	// Volume of each replica of Loki, in GiB; with spaces for the write-ahead log and the index only.
	VolumeGiB int `json:"volumeGiB" default:"10" prod:"20" min:"2" max:"16384" unit:"GiB"`
	// The bucket, with storage: spaces.
	Spaces components.SpacesSettings `json:"spaces"`
}

// newLogging creates nothing with logging off.
func newLogging(in inCluster, observability *components.Observability) error {
	if !in.settings.Logging.Enabled {
		return nil
	}
	spaces, err := newSpacesStore(in)
	if err != nil {
		return err
	}
	_, err = components.NewLogging(in.ctx, logicalName, &components.LoggingArgs{
		Platform: in.platform, Namespaces: in.namespaces, Observability: observability,
		Retention: in.settings.Logging.Retention, VolumeGiB: in.settings.Logging.VolumeGiB, Spaces: spaces,
		Forward: in.settings.Forward.logs(),
	}, in.options...)
	return err
}

// newSpacesStore is nil when the logs stay on a volume. The bucket belongs to the account, not to the cluster.
func newSpacesStore(in inCluster) (*components.SpacesStore, error) {
	s := in.settings
	if s.Logging.Storage != StorageSpaces {
		return nil, nil
	}
	exists, err := s.hasBucket(in.ctx)
	if err != nil {
		return nil, err
	}
	return components.NewSpacesStore(in.ctx, logicalName+"-loki", &components.SpacesStoreArgs{
		SpacesSettings: s.Logging.Spaces, Exists: exists, Known: in.platform.Known,
		Protect: s.Cluster.Protect, ExpireDays: s.expireDays(),
	}, formerName(in.ctx, "-loki"))
}

// hasBucket reports whether a bucket of the name exists, whoever owns it. Only a preview compares it with the state.
func (s Settings) hasBucket(ctx *pulumi.Context) (bool, error) {
	if !ctx.DryRun() {
		return false, nil
	}
	template, _ := accountSetting(ctx, "spacesEndpoint", "SPACES_ENDPOINT_URL")
	spaces := s.Logging.Spaces
	return account.HasBucket(ctx.Context(), account.SpacesEndpoint(template, spaces.Region), spaces.Bucket)
}

// expireDays is a week longer than Loki keeps its logs: Loki deletes by its index, two hours and more after the end.
func (s Settings) expireDays() int {
	return int((s.logRetention()+24*time.Hour-1)/(24*time.Hour)) + 7
}
