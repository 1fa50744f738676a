// The argument, lines of line protocol, written by the client that the environment describes; what came of it, as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/InfluxCommunity/influxdb3-go/v2/influxdb3"
)

func main() {
	client, err := influxdb3.NewFromEnv()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	seen := told(client.Write(context.Background(), []byte(os.Args[1])))
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		os.Exit(1)
	}
}

// told is what the client says of a write: nothing of one that went well, else its error's type and fields.
func told(err error) map[string]any {
	seen := map[string]any{}
	if err == nil {
		return seen
	}
	seen["type"] = fmt.Sprintf("%T", err)
	seen["text"] = err.Error()
	var server *influxdb3.ServerError
	if errors.As(err, &server) {
		seen["code"] = server.Code
		seen["message"] = server.Message
		seen["status"] = server.StatusCode
	}
	var partial *influxdb3.PartialWriteError
	if errors.As(err, &partial) {
		lines := []any{}
		for _, line := range partial.LineErrors {
			lines = append(lines, []any{line.LineNumber, line.ErrorMessage, line.OriginalLine})
		}
		seen["lines"] = lines
	}
	return seen
}
