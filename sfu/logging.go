package sfu

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs hands Pion's warnings and errors to our logger at level debug: they are about one client's transport and
// in their hundreds, while the rooms' owner learns of it by [Events.LegChanged].
type pionLogs struct{ logger *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (p pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLogger{p.logger.With("scope", "pion/"+scope)}
}

type pionLogger struct{ logger *slog.Logger }

func (p pionLogger) logf(format string, args ...any) {
	if p.logger.Enabled(context.Background(), slog.LevelDebug) {
		p.logger.Debug(fmt.Sprintf(format, args...))
	}
}

func (pionLogger) Trace(string)          {}
func (pionLogger) Tracef(string, ...any) {}
func (pionLogger) Debug(string)          {}
func (pionLogger) Debugf(string, ...any) {}
func (pionLogger) Info(string)           {}
func (pionLogger) Infof(string, ...any)  {}

func (p pionLogger) Warn(msg string)                   { p.logf("%s", msg) }
func (p pionLogger) Warnf(format string, args ...any)  { p.logf(format, args...) }
func (p pionLogger) Error(msg string)                  { p.logf("%s", msg) }
func (p pionLogger) Errorf(format string, args ...any) { p.logf(format, args...) }
