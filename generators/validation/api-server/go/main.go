// Command api-server says of Kubernetes objects what the API server says, with the API server's own code: decoding with
// defaults, the strategies of the registry, structural schemas and CEL of custom resources. Built for wasip1; see build.sh.
//
// Standard input has a request a line and standard output gets an answer a line, in the same order:
//
//	{"definition": {...}}  a CustomResourceDefinition, whose objects can be asked about from then on
//	{"object": {...}}      an object that is to be created
//
// The first argument is the minor version to emulate, such as 1.34.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type request struct {
	Definition json.RawMessage `json:"definition"`
	Object     json.RawMessage `json:"object"`
}

// Cause is one reason of a refusal.
type Cause struct {
	// As in metav1.CauseType: FieldValueInvalid, FieldValueRequired ...; Decoding for what cannot be read.
	Reason  string `json:"reason"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// Answer is what the API server says of one object.
type Answer struct {
	Causes   []Cause  `json:"causes,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	// The kind, where it is not known here.
	Unknown string `json:"unknown,omitempty"`
	// Why nothing is said of an object of a known kind.
	Unchecked string `json:"unchecked,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] != "" {
		if err := emulate(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	server := newServer()
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			if err := encoder.Encode(server.answer(line)); err != nil {
				panic(err)
			}
			// An answer whose request is the last one that was sent is waited for.
			if in.Buffered() == 0 {
				out.Flush()
			}
		}
		if err != nil {
			break
		}
	}
	out.Flush()
}

func (s *server) answer(line []byte) (answer Answer) {
	defer func() {
		if failure := recover(); failure != nil {
			answer = Answer{Unchecked: fmt.Sprint(failure)}
		}
	}()
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return Answer{Unchecked: err.Error()}
	}
	if asked.Definition != nil {
		return s.define(asked.Definition)
	}
	return s.create(asked.Object)
}
