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
	Forward       *LogsForward // nil sends the logs to Loki alone
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
	login, known, err := args.alloy(ctx, name, parent)
	if err != nil {
		return nil, err
	}
	_, err = args.Platform.install(ctx, args.Namespaces, chartRelease{folder: "alloy", known: known}, parent,
		args.Observability.dependency(), pulumi.DependsOn(login))
	if err != nil {
		return nil, err
	}
	return l, ctx.RegisterResourceOutputs(l, pulumi.Map{})
}

// alloy is what the program knows of Alloy's chart, and what it waits for.
func (a *LoggingArgs) alloy(ctx *pulumi.Context, name string, parent pulumi.ResourceOption) (
	[]pulumi.Resource, map[string]any, error,
) {
	// Helm replaces lists, so the node's name is here, next to the cluster's.
	environment := []any{
		map[string]any{"name": "NODE_NAME",
			"valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "spec.nodeName"}}},
		map[string]any{"name": "CLUSTER_NAME", "value": a.Platform.Cluster},
	}
	if a.Forward == nil {
		return nil, map[string]any{"alloy": map[string]any{"extraEnv": environment}}, nil
	}
	login, known, err := a.Forward.secret(ctx, name, a.Namespaces, parent)
	if err != nil {
		return nil, nil, err
	}
	loaded, err := values.Load("alloy", a.Platform.Profile, a.Namespaces.names)
	if err != nil {
		return nil, nil, err
	}
	pipeline, _ := values.At(loaded, "alloy", "configMap", "content").(string)
	return login, values.Merge(known, map[string]any{"alloy": map[string]any{
		"extraEnv":  append(environment, a.Forward.environment()...),
		"configMap": map[string]any{"content": pipeline + "\n" + a.Forward.Pipeline()},
	}}), nil
}
