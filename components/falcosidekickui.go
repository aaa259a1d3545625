package components

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// newUI generates the logins of the UI and its Redis. It returns the dependency on them, and the part of
// falcosidekick's values that is about the UI; each restarts for its own login. Nothing without the UI.
func (s *RuntimeSecurity) newUI(ctx *pulumi.Context, name string, args *RuntimeSecurityArgs, version versions,
	opts ...pulumi.ResourceOption) (pulumi.ResourceOption, map[string]any, error) {
	if args.WithoutUI {
		return pulumi.DependsOn(nil), nil, nil
	}
	namespaces := args.Namespaces
	password, err := newPassword(ctx, name+"-falcosidekick-ui", opts...)
	if err != nil {
		return nil, nil, err
	}
	redisPassword, err := newPassword(ctx, name+"-falcosidekick-ui-redis", opts...)
	if err != nil {
		return nil, nil, err
	}
	s.UI = Login{User: "admin", Password: password}
	uiData := pulumi.StringMap{
		"FALCOSIDEKICK_UI_USER":           pulumi.Sprintf("%s:%s", s.UI.User, password),
		"FALCOSIDEKICK_UI_REDIS_PASSWORD": redisPassword,
		"REDIS_PASSWORD":                  redisPassword,
	}
	ui, err := namespaces.newSecret(ctx, NamespaceFalco, "falcosidekick-ui", uiData, opts...)
	if err != nil {
		return nil, nil, err
	}
	redisData := pulumi.StringMap{"REDIS_ARGS": pulumi.Sprintf("--requirepass %s", redisPassword)}
	redis, err := namespaces.newSecret(ctx, NamespaceFalco, "falcosidekick-ui-redis", redisData, opts...)
	if err != nil {
		return nil, nil, err
	}
	return pulumi.DependsOn([]pulumi.Resource{ui, redis}), map[string]any{"webui": map[string]any{
		"ttl":            args.UIRetention,
		"podAnnotations": version.annotation(uiData),
		"redis": map[string]any{
			"storageSize": gib(args.RedisVolumeGiB), "storageClass": args.Platform.class(),
			"podAnnotations": version.annotation(redisData),
		},
	}}, nil
}
