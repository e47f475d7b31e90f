package media

// inspectVP8 reads the payload descriptor (RFC 7741, section 4.2) and the frame header behind it.
func inspectVP8(p []byte) Facts {
	if len(p) < 2 {
		return Facts{}
	}
	first := p[0]
	if first&0x10 == 0 || first&0x07 != 0 {
		return Facts{} // not the start of the first partition
	}
	i := 1
	if first&0x80 != 0 {
		ext := p[1]
		i = 2
		if ext&0x80 != 0 { // picture id, 7 or 15 bits
			if len(p) <= i {
				return Facts{}
			}
			if p[i]&0x80 != 0 {
				i++
			}
			i++
		}
		if ext&0x40 != 0 { // TL0PICIDX
			i++
		}
		if ext&0x30 != 0 { // TID, KEYIDX
			i++
		}
	}
	if len(p) <= i || p[i]&1 != 0 {
		return Facts{} // P bit: an interframe (RFC 6386, section 9.1)
	}
	f := Facts{Keyframe: true}
	if len(p) >= i+10 && p[i+3] == 0x9d && p[i+4] == 0x01 && p[i+5] == 0x2a {
		f.Width = int(p[i+6]) | int(p[i+7]&0x3f)<<8
		f.Height = int(p[i+8]) | int(p[i+9]&0x3f)<<8
	}
	return f
}

// inspectVP9 reads the payload descriptor (RFC 9628, section 4.2). With spatial layers the size is the largest.
func inspectVP9(p []byte) Facts {
	if len(p) < 1 {
		return Facts{}
	}
	first := p[0]
	picture, predicted, layers := first&0x80 != 0, first&0x40 != 0, first&0x20 != 0
	flexible, begin, structure := first&0x10 != 0, first&0x08 != 0, first&0x02 != 0
	if predicted || !begin {
		return Facts{}
	}
	i := 1
	if picture {
		if len(p) <= i {
			return Facts{}
		}
		if p[i]&0x80 != 0 {
			i++
		}
		i++
	}
	if layers {
		if len(p) <= i {
			return Facts{}
		}
		if p[i]>>1&0x07 != 0 {
			return Facts{} // an upper spatial layer of a keyframe needs the lower one
		}
		i++
		if !flexible {
			i++
		}
	}
	f := Facts{Keyframe: true}
	if !structure || len(p) <= i {
		return f
	}
	spatial := int(p[i]>>5) + 1
	sized := p[i]&0x10 != 0
	i++
	if sized && len(p) >= i+4*spatial {
		last := p[i+4*(spatial-1):]
		f.Width = int(last[0])<<8 | int(last[1])
		f.Height = int(last[2])<<8 | int(last[3])
	}
	return f
}

// inspectAV1 reads the aggregation header (AV1 RTP specification, section 4.4): N marks the first packet of a coded
// video sequence, Z a continued OBU.
func inspectAV1(p []byte) Facts {
	if len(p) < 2 {
		return Facts{}
	}
	return Facts{Keyframe: p[0]&0x08 != 0 && p[0]&0x80 == 0}
}
