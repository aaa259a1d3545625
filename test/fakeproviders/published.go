package fakeproviders

// Published are the versions of the provider plugins that the program's SDKs ask for. The stand-ins answer as these do;
// a test compares the versions with go.mod.
var Published = map[string]string{"digitalocean": "4.76.0", "kubernetes": "4.32.0", "random": "4.21.1"}
