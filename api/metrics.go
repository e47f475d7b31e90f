package api

import (
	"net/http"
	"sort"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zvonok/zvonok/storage/policy"
)

// metrics is this server's own registry: nothing global, so that two servers in one test do not meet.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	refusals *prometheus.CounterVec
	signIns  *prometheus.CounterVec
	sockets  prometheus.Gauge
	damaged  prometheus.Counter
}

func newMetrics(version string, figures func() []Figure) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zvonok_http_requests_total", Help: "Requests answered."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "zvonok_http_request_seconds", Help: "Time from the request's headers to the end of its answer.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15},
		}, []string{"route"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zvonok_policy_refusals_total", Help: "Requests that the policy denied."}, []string{"action", "reason"}),
		signIns:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zvonok_sign_ins_total", Help: "Attempts to sign in."}, []string{"how", "result"}),
		sockets:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "zvonok_websockets", Help: "Open WebSockets."}),
		damaged:  prometheus.NewCounter(prometheus.CounterOpts{Name: "zvonok_damaged_objects_total", Help: "Reads whose bytes did not have the stored SHA-256."}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "zvonok_build_info", Help: "1; the label names the build."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.requests, m.seconds, m.refusals, m.signIns, m.sockets, m.damaged, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if figures != nil {
		m.registry.MustRegister(figureCollector(figures))
	}
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "unknown"
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		method = "other" // anybody can invent methods, and each would be a series
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != base+"/lessons/:id/ws" { // lasts as long as the lesson
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

func (m *metrics) refused(action policy.Action, reason policy.Reason) {
	m.refusals.WithLabelValues(string(action), reason).Inc()
}

func (m *metrics) signIn(how string, right bool) {
	result := "wrong"
	if right {
		result = "right"
	}
	m.signIns.WithLabelValues(how, result).Inc()
}

// figureCollector reads the other parts' numbers when somebody asks for them.
type figureCollector func() []Figure

// Describe sends nothing: which figures there are is known when they are read.
func (figureCollector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the figures of this moment.
func (f figureCollector) Collect(out chan<- prometheus.Metric) {
	for _, figure := range f() {
		names := make([]string, 0, len(figure.Labels))
		for name := range figure.Labels {
			names = append(names, name)
		}
		sort.Strings(names)
		values := make([]string, len(names))
		for i, name := range names {
			values[i] = figure.Labels[name]
		}
		kind := prometheus.GaugeValue
		if figure.Counter {
			kind = prometheus.CounterValue
		}
		metric, err := prometheus.NewConstMetric(prometheus.NewDesc(figure.Name, figure.Help, names, nil), kind, figure.Value, values...)
		if err != nil {
			metric = prometheus.NewInvalidMetric(prometheus.NewDesc(figure.Name, figure.Help, nil, nil), err)
		}
		out <- metric
	}
}
