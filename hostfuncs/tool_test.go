package hostfuncs

import (
	"context"
	"encoding/json"
)

func nothing(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, nil }
