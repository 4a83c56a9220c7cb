package jail

import "context"

// RunWithoutNamespaces runs a command as Run does where this user gets no namespaces, as in many containers.
func RunWithoutNamespaces(ctx context.Context, c Command) (*Result, error) {
	c.Limits = c.Limits.or(DefaultLimits())
	return runConfined(ctx, c, 0)
}

// RunWithNamespaces runs a command as Run does where the kernel gives them, or fails.
func RunWithNamespaces(ctx context.Context, c Command) (*Result, error) {
	c.Limits = c.Limits.or(DefaultLimits())
	return runConfined(ctx, c, namespaceFlags)
}

// ErrNoNamespaces is what RunWithNamespaces fails with where this user gets none.
var ErrNoNamespaces = errNoNamespaces

// RunWithOldLandlock runs a command as Run does under a kernel that knows Landlock's ABI 2.
func RunWithOldLandlock(ctx context.Context, c Command) (*Result, error) {
	c.abi = minLandlock
	return RunWithoutNamespaces(ctx, c)
}
