package main

import (
	"io"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDefaults(t *testing.T) {
	s, err := readSettings(nil, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if s.Data != "./data" || s.Listen != "127.0.0.1:8080" || s.HTTPSListen != ":8443" || s.MediaListen != ":7882" || !s.S3Secure {
		t.Errorf("%+v", s)
	}
}

func TestFlagsWinOverTheEnvironment(t *testing.T) {
	environment := map[string]string{"ZVONOK_DATA": "/srv/a", "ZVONOK_LOG_LEVEL": "warn", "ZVONOK_S3_SECURE": "false"}
	s, err := readSettings(environment, []string{"--data", "/srv/b", "--demo", "--json"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if s.Data != "/srv/b" || s.LogLevel != "warn" || s.S3Secure || !s.demo || !s.json {
		t.Errorf("%+v", s)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		name, value, says string
	}{
		{"ZVONOK_LISTEN", "0.0.0.0:80", "ZVONOK_TRUSTED_PROXIES"},
		{"ZVONOK_LISTEN", ":8080", "plain http"},
		{"ZVONOK_LISTEN", "192.168.1.5:8080", "plain http"},
		{"ZVONOK_LISTEN", "8080", "ZVONOK_LISTEN"},
		{"ZVONOK_TRUSTED_PROXIES", "proxy.example", "neither an address nor a network"},
		{"ZVONOK_TLS_CERT", "/etc/cert.pem", "go together"},
		{"ZVONOK_MEDIA_ANNOUNCE", "lessons.example", "no address"},
		{"ZVONOK_LOG_LEVEL", "loud", "none of debug"},
		{"ZVONOK_S3_ENDPOINT", "s3.example", "ZVONOK_S3_BUCKET"},
		{"ZVONOK_S3_BUCKET", "lessons", "without ZVONOK_S3_ENDPOINT"},
		{"ZVONOK_S3_SECURE", "perhaps", "S3Secure"},
	} {
		_, err := readSettings(map[string]string{c.name: c.value}, nil, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
	}
	if _, err := readSettings(map[string]string{"ZVONOK_LISTEN": "", "ZVONOK_HTTPS_LISTEN": ""}, nil, io.Discard); err == nil {
		// An empty variable takes the default; switching off is said by a flag.
		t.Log("empty variables take the defaults")
	}
	if _, err := readSettings(nil, []string{"--listen", "", "--https-listen", ""}, io.Discard); err == nil {
		t.Error("a server that listens nowhere was accepted")
	}
	if _, err := readSettings(nil, []string{"start"}, io.Discard); err == nil {
		t.Error("an unknown word was accepted")
	}
}

func TestPlainListenBehindAProxy(t *testing.T) {
	s, err := readSettings(map[string]string{"ZVONOK_LISTEN": ":8080", "ZVONOK_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1,::1"}, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := s.proxies()
	if err != nil || len(proxies) != 3 || proxies[1].String() != "192.0.2.1/32" || proxies[2].Bits() != 128 {
		t.Errorf("%v %v", proxies, err)
	}
}

// TestTableNamesEverySetting: each has a meaning, and no secret can be given where every user of the machine reads it.
func TestTableNamesEverySetting(t *testing.T) {
	table := settingsTable()
	kinds := reflect.TypeFor[settings]()
	for i := range kinds.NumField() {
		f := kinds.Field(i)
		if !f.IsExported() {
			continue
		}
		name := f.Tag.Get("env")
		if !strings.HasPrefix(name, "ZVONOK_") || f.Tag.Get("help") == "" || !strings.Contains(table, "| `"+name+"` |") {
			t.Errorf("%s is not in the table, or says nothing", f.Name)
		}
	}
}

func TestAddressesThatAreTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // a test's
	for name, s := range map[string]settings{
		"ZVONOK_LISTEN":       {Listen: taken.Addr().String(), Data: t.TempDir()},
		"ZVONOK_HTTPS_LISTEN": {HTTPSListen: taken.Addr().String(), Data: t.TempDir()},
	} {
		_, err := listen(s, time.Now, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "is taken by another program") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMasterKeyIsKept(t *testing.T) {
	s := settings{Data: t.TempDir()}
	first, err := loadMasterKey(s)
	if err != nil || !first.fresh || first.bytes == [32]byte{} {
		t.Fatalf("%v, %v", first.fresh, err)
	}
	second, err := loadMasterKey(s)
	if err != nil || second.fresh || second.bytes != first.bytes {
		t.Errorf("another key at the second start: %v", err)
	}
	s.MasterKey = first.String()
	if given, err := loadMasterKey(s); err != nil || given.bytes != first.bytes {
		t.Errorf("the backup is not the key: %v", err)
	}
	s.MasterKey = "secret"
	if _, err := loadMasterKey(s); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a bad key: %v", err)
	}
}

func TestOneServerPerFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockFolder(dir); err == nil || !strings.Contains(err.Error(), "another zvonok") {
		t.Errorf("a second one: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := lockFolder(dir)
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	_ = again.Close()
}
