package files

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
)

// Cameras write the picture as the sensor saw it, and beside it, in EXIF, how it
// has to be turned. Models look at the former alone.

// upright is the orientation of a picture that need not be turned. EXIF counts
// eight of them: bit by bit less one, mirrored and turned by quarters.
const upright = 1

// orientationOf reads a picture's EXIF; upright when there is none.
func orientationOf(data []byte) int {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		return jpegOrientation(data)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return tiffOrientation(chunk(data[8:], "eXIf", binary.BigEndian, 0, 4))
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		exif := chunk(data[12:], "EXIF", binary.LittleEndian, 4, 0)
		return tiffOrientation(bytes.TrimPrefix(exif, exifHeader))
	}
	return tiffOrientation(data) // a TIFF file is what EXIF is made of
}

var exifHeader = []byte("Exif\x00\x00")

// jpegOrientation walks the segments before the picture's own data.
func jpegOrientation(data []byte) int {
	for segment := range segments(data) {
		if segment.marker == 0xE1 && bytes.HasPrefix(segment.data, exifHeader) {
			return tiffOrientation(segment.data[len(exifHeader):])
		}
	}
	return upright
}

// segment is a part of a JPEG before the picture's own data.
type segment struct {
	marker byte
	data   []byte
}

func segments(data []byte) func(yield func(segment) bool) {
	return func(yield func(segment) bool) {
		const startOfScan = 0xDA
		for at := 2; at+4 <= len(data); {
			marker := data[at+1]
			switch {
			case data[at] != 0xFF || marker == startOfScan:
				return
			case marker == 0xFF: // a byte between segments
				at++
				continue
			}
			end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
			if end > len(data) || end < at+4 || !yield(segment{marker, data[at+4 : end]}) {
				return
			}
			at = end
		}
	}
}

// chunk finds a chunk of a PNG or WebP file: its length and its name, in either
// order, then its data; behind it a checksum, or a byte that makes its length even.
func chunk(data []byte, name string, order binary.ByteOrder, lengthAt, checksum int) []byte {
	for len(data) >= 8 {
		length := uint64(order.Uint32(data[lengthAt:]))
		if length > uint64(len(data)-8) {
			return nil
		}
		if string(data[4-lengthAt:][:4]) == name {
			return data[8 : 8+length]
		}
		next := 8 + length + uint64(checksum)
		if checksum == 0 {
			next += length % 2
		}
		data = data[min(next, uint64(len(data))):]
	}
	return nil
}

// tiffOrientation reads the first directory of a TIFF.
func tiffOrientation(data []byte) int {
	const entry, tag, short = 12, 0x0112, 3
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("MM\x00*")):
		order = binary.BigEndian
	}
	if order == nil || len(data) < 8 {
		return upright
	}
	at := int(min(order.Uint32(data[4:]), uint32(len(data))))
	if at+2 > len(data) {
		return upright
	}
	count := int(order.Uint16(data[at:]))
	for at += 2; count > 0 && at+entry <= len(data); count, at = count-1, at+entry {
		if order.Uint16(data[at:]) == tag && order.Uint16(data[at+2:]) == short {
			if n := int(order.Uint16(data[at+8:])); n >= upright && n <= 8 {
				return n
			}
			return upright
		}
	}
	return upright
}

// turned returns a picture as its orientation wants it to be seen.
func turned(src *image.RGBA, orientation int) *image.RGBA {
	if orientation == upright {
		return src
	}
	width, height := src.Rect.Dx(), src.Rect.Dy()
	size := image.Rect(0, 0, width, height)
	if orientation >= 5 {
		size = image.Rect(0, 0, height, width)
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fromX, fromY := x, y
			if orientation >= 5 { // lying on its side
				fromX, fromY = y, x
			}
			switch orientation {
			case 2, 3, 7, 8:
				fromX = width - 1 - fromX
			}
			switch orientation {
			case 3, 4, 6, 7:
				fromY = height - 1 - fromY
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], src.Pix[src.PixOffset(fromX, fromY):][:4])
		}
	}
	return out
}

// opaque returns a picture on white, for what is transparent, at a size.
func opaque(size image.Rectangle) *image.RGBA {
	blank := image.NewRGBA(size)
	draw.Draw(blank, size, image.White, image.Point{}, draw.Src)
	return blank
}
