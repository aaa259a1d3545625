//go:build !linux

package needs

import "errors"

func namespaces() error { return errors.ErrUnsupported }

func space() error { return errors.ErrUnsupported }
