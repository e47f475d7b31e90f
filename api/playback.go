package api

func (s *Server) routesOfPlayback() {}
