package digitalocean

import "maps"

var clusterSchema = schema{
	"name":                          {required: true, named: true, valid: notEmpty},
	"region":                        {required: true, replaces: true, keep: true, valid: notEmpty},
	"version":                       {required: true, valid: notEmpty},
	"vpcUuid":                       {computed: true, replaces: true},
	"workerSubnetUuid":              {computed: true, replaces: true},
	"clusterSubnet":                 {computed: true, replaces: true, valid: isCIDR},
	"serviceSubnet":                 {computed: true, replaces: true, valid: isCIDR},
	"surgeUpgrade":                  {fallback: true},
	"ha":                            {computed: true},
	"autoUpgrade":                   {},
	"registryIntegration":           {fallback: false},
	"destroyAllAssociatedResources": {fallback: false},
	"kubeconfigExpireSeconds":       {},
	"tags":                          {set: true, bare: true},
	"nodePool":                      {required: true, object: clusterPoolSchema()},
	"maintenancePolicy": {computed: true, object: schema{
		"day": {computed: true, valid: inAnyCase(oneOf("any", "monday", "tuesday", "wednesday", "thursday", "friday",
			"saturday", "sunday"))},
		"startTime": {computed: true}, "duration": {output: true, blankValue: ""},
	}},
	"controlPlaneFirewall": {computed: true,
		object: schema{"enabled": {required: true}, "allowedAddresses": {required: true}}},
	"clusterAutoscalerConfigurations": {list: true,
		object: schema{"scaleDownUtilizationThreshold": {}, "scaleDownUnneededTime": {}, "expanders": {}}},
	"routingAgent":         {computed: true, object: schema{"enabled": {required: true}}},
	"p2pOciRegistryPlugin": {computed: true, object: schema{"enabled": {required: true}}},
	"corednsAutoscaler":    {computed: true, object: schema{"enabled": {required: true}}},
	"ssos": {computed: true,
		object: schema{"enabled": {required: true}, "required": {}, "issuerUrl": {}, "clientId": {}}},
	"amdGpuDevicePlugin":                {computed: true, object: schema{"enabled": {required: true}}},
	"amdGpuDeviceMetricsExporterPlugin": {computed: true, object: schema{"enabled": {required: true}}},
	"nvidiaGpuDevicePlugin":             {computed: true, object: schema{"enabled": {required: true}}},
	"rdmaSharedDevicePlugin":            {computed: true, object: schema{"enabled": {required: true}}},
	"ipv4Address":                       {output: true},
	"endpoint":                          {output: true},
	"status":                            {output: true},
	"createdAt":                         {output: true},
	"updatedAt":                         {output: true},
	"clusterUrn":                        {output: true},
	"kubeConfigs": {output: true, secret: true, object: schema{
		"rawConfig": {output: true}, "host": {output: true}, "clusterCaCertificate": {output: true},
		"clientKey":         {output: true},
		"clientCertificate": {output: true}, "token": {output: true}, "expiresAt": {output: true},
	}},
}

func clusterPoolSchema() schema {
	s := maps.Clone(nodePoolSchema)
	delete(s, "clusterId")
	name := s["name"]
	name.named = false
	s["name"], s["id"] = name, field{output: true, blankValue: ""}
	for key, zero := range map[string]any{"actualNodeCount": 0.0, "minNodes": 0.0, "maxNodes": 0.0, "nodes": []any{}} {
		f := s[key]
		f.blankValue = zero
		s[key] = f
	}
	return s
}
