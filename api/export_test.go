package api

// Routed lists what the router itself would answer, for the test that compares it with the table.
func (s *Server) Routed() []string {
	var all []string
	for _, r := range s.echo.Routes() {
		all = append(all, r.Method+" "+r.Path)
	}
	return all
}
