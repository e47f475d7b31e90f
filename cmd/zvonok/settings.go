package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
	"golang.org/x/sys/unix"
)

// settings is every setting there is: the environment's name, the flag's, the default and what it means stand beside the
// field, and nowhere else. A flag wins over the environment.
type settings struct {
	Data           string `env:"ZVONOK_DATA" flag:"data" envDefault:"./data" help:"Folder for everything that is kept: database, recordings, keys, certificate"`
	Listen         string `env:"ZVONOK_LISTEN" flag:"listen" envDefault:"127.0.0.1:8080" help:"Plain http, on loopback only (elsewhere only behind a trusted proxy); port 0 takes a free one, empty switches it off"`
	HTTPSListen    string `env:"ZVONOK_HTTPS_LISTEN" flag:"https-listen" envDefault:":8443" help:"https for the network; empty switches it off"`
	TLSCert        string `env:"ZVONOK_TLS_CERT" flag:"tls-cert" help:"Certificate chain (PEM) for https; without it one is generated for the machine's addresses and kept in the data folder"`
	TLSKey         string `env:"ZVONOK_TLS_KEY" flag:"tls-key" help:"Private key (PEM) of that certificate"`
	TrustedProxies string `env:"ZVONOK_TRUSTED_PROXIES" flag:"trusted-proxies" help:"Addresses or networks (10.0.0.0/8), separated by commas, of reverse proxies that do https and send X-Forwarded-For and X-Forwarded-Proto"`
	PublicURL      string `env:"ZVONOK_PUBLIC_URL" flag:"public-url" help:"Where people reach the server, such as https://lessons.school5.example; links are made with it"`
	MediaListen    string `env:"ZVONOK_MEDIA_LISTEN" flag:"media-listen" envDefault:":7882" help:"UDP address of all sound and pictures; the TCP port of the same number is for those whom UDP does not reach"`
	MediaAnnounce  string `env:"ZVONOK_MEDIA_ANNOUNCE" flag:"media-announce" help:"Addresses, separated by commas, that browsers are told for it when the server is behind NAT; empty tells them those of the public URL's name and the machine's own"`
	DatabaseURL    string `env:"ZVONOK_DATABASE_URL" flag:"database-url" help:"PostgreSQL, postgres://owner:password@host/database; empty starts an embedded one in the data folder" secret:"yes"`
	S3Endpoint     string `env:"ZVONOK_S3_ENDPOINT" flag:"s3-endpoint" help:"Host and port of an S3 object store; empty keeps recordings in the data folder"`
	S3Region       string `env:"ZVONOK_S3_REGION" flag:"s3-region" help:"Its region; us-east-1 when empty"`
	S3Bucket       string `env:"ZVONOK_S3_BUCKET" flag:"s3-bucket" help:"Its bucket, which must exist"`
	S3AccessKey    string `env:"ZVONOK_S3_ACCESS_KEY" flag:"s3-access-key" help:"Its access key"`
	S3SecretKey    string `env:"ZVONOK_S3_SECRET_KEY" help:"Its secret key (in the environment only: other users can read a command line)" secret:"yes"`
	S3Secure       bool   `env:"ZVONOK_S3_SECURE" flag:"s3-secure" envDefault:"true" help:"Speak TLS to it"`
	S3Prefix       string `env:"ZVONOK_S3_PREFIX" flag:"s3-prefix" help:"Put before the name of every object"`
	MasterKey      string `env:"ZVONOK_MASTER_KEY" help:"64 hexadecimal digits that wrap the recordings' keys; empty makes one and keeps it in the data folder as master.key" secret:"yes"`
	LogLevel       string `env:"ZVONOK_LOG_LEVEL" flag:"log-level" help:"debug, info, warn or error; when empty info, or warn where people read (a terminal)"`

	// Not settings of an installation, but of one start.
	demo, json bool
}

// readSettings takes the environment, then the flags.
func readSettings(environment map[string]string, args []string, out io.Writer) (settings, error) {
	var s settings
	if err := env.ParseWithOptions(&s, env.Options{Environment: environment}); err != nil {
		return s, err
	}
	flags := flag.NewFlagSet("zvonok", flag.ContinueOnError)
	flags.SetOutput(out)
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, help := field.Tag.Get("flag"), field.Tag.Get("help")
		if name == "" {
			continue
		}
		help += " (" + field.Tag.Get("env") + ")"
		switch p := v.Field(i).Addr().Interface().(type) {
		case *string:
			flags.StringVar(p, name, *p, help)
		case *bool:
			flags.BoolVar(p, name, *p, help)
		}
	}
	flags.BoolVar(&s.demo, "demo", false, "make a demo school and print a sign-in link for each of its people")
	flags.BoolVar(&s.json, "json", false, "also print one line of JSON once the server is ready")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if rest := flags.Args(); len(rest) > 0 {
		return s, fmt.Errorf("unknown argument %q", rest[0])
	}
	return s, s.validate()
}

func (s settings) validate() error {
	if s.Data == "" {
		return errors.New("ZVONOK_DATA is empty")
	}
	if s.Listen == "" && s.HTTPSListen == "" {
		return errors.New("both ZVONOK_LISTEN and ZVONOK_HTTPS_LISTEN are empty: nothing to serve on")
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return errors.New("ZVONOK_TLS_CERT and ZVONOK_TLS_KEY go together")
	}
	proxies, err := s.proxies()
	if err != nil {
		return err
	}
	if err := checkPlainListen(s.Listen, len(proxies) > 0); err != nil {
		return err
	}
	if _, err := s.announce(); err != nil {
		return err
	}
	if _, err := s.level(); err != nil {
		return err
	}
	if s.S3Endpoint != "" && (s.S3Bucket == "" || s.S3AccessKey == "" || s.S3SecretKey == "") {
		return errors.New("ZVONOK_S3_ENDPOINT wants ZVONOK_S3_BUCKET, ZVONOK_S3_ACCESS_KEY and ZVONOK_S3_SECRET_KEY too")
	}
	if s.S3Endpoint == "" && s.S3Bucket != "" {
		return errors.New("ZVONOK_S3_BUCKET without ZVONOK_S3_ENDPOINT")
	}
	return nil
}

// checkPlainListen refuses what would carry passwords and children's faces in the clear.
func checkPlainListen(address string, behindProxy bool) error {
	if address == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("ZVONOK_LISTEN: %w", err)
	}
	if behindProxy || host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("ZVONOK_LISTEN=%s would serve plain http to the network, and browsers give no camera there: use ZVONOK_HTTPS_LISTEN, or name the reverse proxy that does https in ZVONOK_TRUSTED_PROXIES", address)
}

func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func (s settings) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range fields(s.TrustedProxies) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("ZVONOK_TRUSTED_PROXIES: %q is neither an address nor a network", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

func (s settings) announce() ([]netip.Addr, error) {
	var all []netip.Addr
	for _, text := range fields(s.MediaAnnounce) {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("ZVONOK_MEDIA_ANNOUNCE: %q is no address (names are not looked up)", text)
		}
		all = append(all, addr)
	}
	return all, nil
}

func (s settings) level() (slog.Level, error) {
	var level slog.Level
	if s.LogLevel == "" {
		if isTerminal(os.Stderr) {
			return slog.LevelWarn, nil // a line per request would push the links off the screen
		}
		return slog.LevelInfo, nil
	}
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return level, fmt.Errorf("ZVONOK_LOG_LEVEL: %q is none of debug, info, warn, error", s.LogLevel)
	}
	return level, nil
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// settingsTable is the table of settings for the README.
func settingsTable() string {
	var out strings.Builder
	out.WriteString("| Setting | Flag | Default | Meaning |\n|---|---|---|---|\n")
	t := reflect.TypeFor[settings]()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("env") == "" {
			continue
		}
		flagged, standard := "", ""
		if name := f.Tag.Get("flag"); name != "" {
			flagged = "`--" + name + "`"
		}
		if value := f.Tag.Get("envDefault"); value != "" {
			standard = "`" + value + "`"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", f.Tag.Get("env"), flagged, standard, f.Tag.Get("help"))
	}
	return out.String()
}
