package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// lokiSpacesSecret holds the Spaces key Loki reads from its environment.
const lokiSpacesSecret = "loki-spaces"

// Logging is Loki and the Alloy that ships every pod's logs to it.
type Logging struct {
	pulumi.ResourceState
}

// LoggingArgs place and size the store.
type LoggingArgs struct {
	Platform      Platform
	Namespaces    *Namespaces
	Observability *Observability
	Retention     string
	VolumeGiB     int          // per replica
	Spaces        *SpacesStore // nil keeps the logs on Loki's volume
}

// NewLogging installs Loki and Alloy.
func NewLogging(ctx *pulumi.Context, name string, args *LoggingArgs, opts ...pulumi.ResourceOption) (*Logging, error) {
	l := &Logging{}
	if err := ctx.RegisterComponentResource(typePrefix+"Logging", name, l, opts...); err != nil {
		return nil, err
	}
	parent := pulumi.Parent(l)
	loki := chartRelease{folder: "loki", options: args.Spaces.options(),
		known: values.Merge(args.Spaces.values(), map[string]any{
			"loki": map[string]any{"limits_config": map[string]any{"retention_period": args.Retention}},
			"singleBinary": map[string]any{"persistence": map[string]any{
				"size": gib(args.VolumeGiB), "storageClass": args.Platform.class(),
			}},
		})}
	lokiOpts := []pulumi.ResourceOption{parent, args.Observability.dependency()}
	if args.Spaces != nil {
		data := pulumi.StringMap{
			"SPACES_ACCESS_KEY_ID": args.Spaces.AccessKey, "SPACES_SECRET_ACCESS_KEY": args.Spaces.SecretKey,
		}
		key, err := args.Namespaces.newSecret(ctx, NamespaceLoki, lokiSpacesSecret, data, parent,
			args.Namespaces.dependency(NamespaceLoki))
		if err != nil {
			return nil, err
		}
		version, err := newVersions(ctx, name+"-logging", parent)
		if err != nil {
			return nil, err
		}
		lokiOpts = append(lokiOpts, pulumi.DependsOn([]pulumi.Resource{key}))
		loki.known = values.Merge(loki.known,
			map[string]any{"singleBinary": map[string]any{"podAnnotations": version.annotation(data)}})
	}
	if _, err := args.Platform.install(ctx, args.Namespaces, loki, lokiOpts...); err != nil {
		return nil, err
	}
	_, err := args.Platform.install(ctx, args.Namespaces, chartRelease{
		folder: "alloy", known: map[string]any{
			// Helm replaces lists, so the node's name is here, next to the cluster's.
			"alloy": map[string]any{"extraEnv": []any{
				map[string]any{"name": "NODE_NAME",
					"valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "spec.nodeName"}}},
				map[string]any{"name": "CLUSTER_NAME", "value": args.Platform.Cluster},
			}},
		},
	}, parent, args.Observability.dependency())
	if err != nil {
		return nil, err
	}
	return l, ctx.RegisterResourceOutputs(l, pulumi.Map{})
}
