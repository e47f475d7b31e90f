package sfu

import (
	"fmt"
	"net"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/media"
)

const (
	absSendTimeURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	dependencyURI  = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
	opusFMTP       = "minptime=10;useinbandfec=1;usedtx=1"
	h264FMTP       = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
)

// videoCodecs are what is negotiated, in the order of preference. The payload types are only our own numbers: an
// answer repeats the offer's.
var videoCodecs = []struct {
	codec media.Codec
	mime  string
	fmtp  string
	pt    webrtc.PayloadType
}{
	{media.H264, webrtc.MimeTypeH264, h264FMTP, 102},
	{media.VP9, webrtc.MimeTypeVP9, "profile-id=0", 98},
	{media.AV1, webrtc.MimeTypeAV1, "", 45},
	{media.VP8, webrtc.MimeTypeVP8, "", 96},
}

func registerCodecs(m *webrtc.MediaEngine, feedback []webrtc.RTCPFeedback) error {
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: opusFMTP}
	for _, fb := range feedback {
		if fb.Type == webrtc.TypeRTCPFBTransportCC {
			opus.RTCPFeedback = append(opus.RTCPFeedback, fb)
		}
	}
	err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111}, webrtc.RTPCodecTypeAudio)
	if err != nil {
		return err
	}
	for _, c := range videoCodecs {
		video := webrtc.RTPCodecCapability{MimeType: c.mime, ClockRate: 90000, SDPFmtpLine: c.fmtp, RTCPFeedback: feedback}
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: video, PayloadType: c.pt}, webrtc.RTPCodecTypeVideo); err != nil {
			return err
		}
		rtx := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", c.pt)}
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: rtx, PayloadType: c.pt + 1}, webrtc.RTPCodecTypeVideo); err != nil {
			return err
		}
	}
	return nil
}

func registerExtensions(m *webrtc.MediaEngine, kind webrtc.RTPCodecType, uris ...string) error {
	for _, uri := range uris {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
			return err
		}
	}
	return nil
}

// newPublishAPI receives: transport-wide feedback, NACK and receiver reports are Pion's.
func newPublishAPI(settings webrtc.SettingEngine) (*webrtc.API, error) {
	m := &webrtc.MediaEngine{}
	err := registerCodecs(m, []webrtc.RTCPFeedback{
		{Type: webrtc.TypeRTCPFBTransportCC}, {Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"},
		{Type: webrtc.TypeRTCPFBNACK}, {Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
	})
	if err != nil {
		return nil, err
	}
	if err := registerExtensions(m, webrtc.RTPCodecTypeAudio, sdp.SDESMidURI, sdp.AudioLevelURI, sdp.TransportCCURI, absSendTimeURI); err != nil {
		return nil, err
	}
	if err := registerExtensions(m, webrtc.RTPCodecTypeVideo, sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI,
		sdp.TransportCCURI, absSendTimeURI, dependencyURI); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	feedback, err := twcc.NewSenderInterceptor(twcc.SendInterval(50 * time.Millisecond))
	if err != nil {
		return nil, err
	}
	nacks, err := nack.NewGeneratorInterceptor(nack.GeneratorInterval(20*time.Millisecond), nack.GeneratorMaxNacksPerPacket(20))
	if err != nil {
		return nil, err
	}
	reports, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, err
	}
	registry.Add(nacks)
	registry.Add(reports)
	registry.Add(feedback)
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(registry)), nil
}

// newSettings makes every transport answer on the one socket, as ICE-lite (RFC 8445, section 2.5): clients connect
// to us, we never have to find them.
func newSettings(cfg *Config, mux ice.UDPMux, local *net.UDPAddr, logs logging.LoggerFactory) (webrtc.SettingEngine, error) {
	s := webrtc.SettingEngine{LoggerFactory: logs}
	s.SetLite(true)
	s.SetICEUDPMux(mux)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(cfg.ICETimeout/3, cfg.ICETimeout-cfg.ICETimeout/3, 2*time.Second)
	s.SetIncludeLoopbackCandidate(cfg.Loopback || local.IP.IsLoopback())
	s.DisableActiveTCP(true)
	// ICE consent comes before DTLS, so that its cookie would only cost a round trip.
	s.SetDTLSInsecureSkipHelloVerify(true)
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return s, err
	}
	if len(cfg.Announce) == 0 {
		return s, nil
	}
	external := make([]string, len(cfg.Announce))
	for i, a := range cfg.Announce {
		external[i] = a.String()
	}
	mode := webrtc.ICEAddressRewriteReplace
	if cfg.AnnounceOwn {
		mode = webrtc.ICEAddressRewriteAppend
	}
	return s, s.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
		External: external, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: mode,
	})
}
