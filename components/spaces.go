package components

import (
	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// SpacesSettings name a bucket of DigitalOcean's object storage.
type SpacesSettings struct {
	// Region of the bucket. It cannot be changed.
	Region string `json:"region" default:"{cluster.region}" format:"spacesRegion"`
	// Name of the bucket, unique within the region among all of DigitalOcean's customers. It cannot be changed.
	Bucket string `json:"bucket" default:"{cluster.name}-loki" format:"bucket"`
	// The day (YYYY-MM-DD, UTC) from which on logs go to the bucket, where Loki ran on a volume before. One replica runs
	// as long as it is set: the older logs are on one volume. Remove it once they have expired.
	From string `json:"from" format:"firstDay"`
}

// SpacesStore is a bucket for Loki and a key that reaches this bucket only.
type SpacesStore struct {
	pulumi.ResourceState

	// Bucket and Region are the bucket's own: the settings cannot change those of one that exists (KeptBucketInputs).
	Bucket, Region       pulumi.StringOutput
	From                 string // as SpacesSettings has it
	AccessKey, SecretKey pulumi.StringOutput
}

// SpacesStoreArgs describe the store.
type SpacesStoreArgs struct {
	SpacesSettings
	Exists  bool // a bucket of this name
	Known   *Known
	Protect bool // keeps the bucket, and refuses to delete what is in it
	// ExpireDays is when Spaces itself deletes an object of Loki: later than Loki does, for what Loki forgot.
	ExpireDays int
}

// NewSpacesStore creates the bucket and its key. The DigitalOcean provider needs a Spaces key of the account to create
// a bucket: SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY.
func NewSpacesStore(ctx *pulumi.Context, name string, args *SpacesStoreArgs,
	opts ...pulumi.ResourceOption) (*SpacesStore, error) {
	s := &SpacesStore{From: args.From}
	if err := ctx.RegisterComponentResource(typePrefix+"SpacesStore", name, s, opts...); err != nil {
		return nil, err
	}
	var expire digitalocean.SpacesBucketLifecycleRuleArray
	for _, objects := range lokiObjects {
		expire = append(expire, digitalocean.SpacesBucketLifecycleRuleArgs{
			Id: pulumi.String(objects.name), Prefix: pulumi.String(objects.prefix), Enabled: pulumi.Bool(true),
			Expiration: &digitalocean.SpacesBucketLifecycleRuleExpirationArgs{
				Days: pulumi.Int(args.ExpireDays),
			},
			AbortIncompleteMultipartUploadDays: pulumi.Int(1),
		})
	}
	bucket, err := digitalocean.NewSpacesBucket(ctx, name, &digitalocean.SpacesBucketArgs{
		Name: pulumi.String(args.Bucket), Region: pulumi.String(args.Region),
		Acl: pulumi.String("private"), ForceDestroy: pulumi.Bool(!args.Protect),
		LifecycleRules: expire,
	}, pulumi.Parent(s), importable(), pulumi.Protect(args.Protect), pulumi.IgnoreChanges(KeptBucketInputs))
	if err != nil {
		return nil, err
	}
	if args.Exists {
		args.Known.require(existing{resource: bucket, kind: "bucket", name: args.Bucket, ids: []string{args.Bucket},
			importPrefix: args.Region + ",", otherwise: "pulumi config set --path 'logging.spaces.bucket' <another name>"})
	}
	key, err := digitalocean.NewSpacesKey(ctx, name, &digitalocean.SpacesKeyArgs{
		Name: pulumi.String(args.Bucket),
		Grants: digitalocean.SpacesKeyGrantArray{digitalocean.SpacesKeyGrantArgs{
			Bucket: bucket.Name, Permission: pulumi.String("readwrite"),
		}},
	}, pulumi.Parent(s), pulumi.AdditionalSecretOutputs([]string{"secretKey"}))
	if err != nil {
		return nil, err
	}
	s.Bucket, s.Region = bucket.Name, bucket.Region.Elem()
	s.AccessKey, s.SecretKey = key.AccessKey, pulumi.ToSecret(key.SecretKey).(pulumi.StringOutput)
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}
