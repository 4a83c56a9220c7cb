package llm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// attempts is how often one question is sent, as long as the server is busy or fails.
const attempts = 4

// maxBody is the most of a response that is read, in bytes.
const maxBody = 4 << 20

// longestWait is the most that a server is waited for between attempts; one that asks for more is not waited for at all.
const longestWait = time.Minute

// patient sends a request again when the server was busy or failed. It follows no redirect: the key is for one server.
type patient struct {
	client  *http.Client
	backoff time.Duration
}

func newPatient(transport http.RoundTripper, backoff time.Duration) *patient {
	if backoff <= 0 {
		backoff = 500 * time.Millisecond
	}
	return &patient{&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirects are not followed") },
	}, backoff}
}

// Do implements openai.HTTPDoer.
func (p *patient) Do(request *http.Request) (*http.Response, error) {
	wait := p.backoff
	for attempt := 1; ; attempt++ {
		response, err := p.client.Do(request)
		if err != nil {
			return nil, err
		}
		again := response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500
		pause, asked := RetryAfter(response)
		if !asked {
			pause, wait = wait, 2*wait
		}
		if !again || attempt == attempts || pause > longestWait || request.GetBody == nil {
			response.Body = &limited{response.Body, maxBody}
			return response, nil
		}
		io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again
		response.Body.Close()
		if err := sleep(request.Context(), pause); err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		if request.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
}

// RetryAfter is how long a server asks to be left alone, if it does.
func RetryAfter(response *http.Response) (time.Duration, bool) {
	text := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second)), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0), true
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// limited is a body that fails beyond so many bytes.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errors.New("the response is too large")
	}
	n, err := l.ReadCloser.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
