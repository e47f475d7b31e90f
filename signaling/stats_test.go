package signaling

import (
	"fmt"
	"testing"
)

// Whatever clients send, there are as many series as before.
func TestFiguresAreBounded(t *testing.T) {
	c := newCounts()
	messages, refused := len(c.messages), len(c.refused)
	for i := range 1000 {
		c.message(fmt.Sprint("made up ", i))
		c.refusal(fmt.Sprint("made up ", i))
	}
	c.message("chat")
	if len(c.messages) != messages || len(c.refused) != refused {
		t.Errorf("%d kinds of messages, %d reasons", len(c.messages), len(c.refused))
	}
	if c.messages[unknownMessage].Load() != 1000 || c.messages["chat"].Load() != 1 || c.refused[string(Unavailable)].Load() != 1000 {
		t.Error("not counted")
	}
}
