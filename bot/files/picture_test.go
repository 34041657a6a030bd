package files

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// exif is what a camera writes about how to turn a picture.
func exif(order binary.AppendByteOrder, orientation int) []byte {
	data := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		data = []byte("MM\x00*")
	}
	data = order.AppendUint32(data, 8)
	data = order.AppendUint16(data, 2)
	for _, entry := range [][2]uint16{{0x010F, 0}, {0x0112, uint16(orientation)}} {
		data = order.AppendUint16(data, entry[0])
		data = order.AppendUint16(data, 3)
		data = order.AppendUint32(data, 1)
		data = order.AppendUint16(data, entry[1])
		data = order.AppendUint16(data, 0)
	}
	return order.AppendUint32(data, 0)
}

// withExif puts it where each kind of picture has it.
func withExif(t *testing.T, kind string, data, exif []byte) []byte {
	t.Helper()
	switch kind {
	case "jpeg":
		segment := append([]byte("\xff\xe1"), binary.BigEndian.AppendUint16(nil, uint16(2+6+len(exif)))...)
		segment = append(append(segment, "Exif\x00\x00"...), exif...)
		return append(append(append([]byte{}, data[:2]...), segment...), data[2:]...)
	case "png":
		const header = 8 + 25 // the signature and the first chunk
		chunk := append([]byte("eXIf"), exif...)
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk))
		chunk = append(binary.BigEndian.AppendUint32(nil, uint32(len(exif))), chunk...)
		return append(append(append([]byte{}, data[:header]...), chunk...), data[header:]...)
	}
	t.Fatalf("no EXIF in %s", kind)
	return nil
}

var corners = [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {0, 0, 0, 255}}

// sensor is what a camera stores so that it is seen upright, with another colour
// in each corner, once it is turned as an orientation says.
func sensor(orientation, width, height int) *image.RGBA {
	if orientation >= 5 {
		width, height = height, width
	}
	// Which corner of the upright picture lies upper left, upper right, lower left
	// and lower right in the file, as the EXIF standard has it.
	stored := [9][4]int{1: {0, 1, 2, 3}, 2: {1, 0, 3, 2}, 3: {3, 2, 1, 0}, 4: {2, 3, 0, 1}, 5: {0, 2, 1, 3}, 6: {1, 3, 0, 2}, 7: {3, 1, 2, 0}, 8: {2, 0, 3, 1}}[orientation]
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetRGBA(x, y, corners[stored[2*(2*y/height)+2*x/width]])
		}
	}
	return m
}

// A picture is shown as the camera was held, whatever its size, in all eight ways.
func TestOrientation(t *testing.T) {
	f := NewFetcher("", "agent")
	for orientation := 1; orientation <= 8; orientation++ {
		for _, size := range []int{64, 2100} {
			for _, kind := range []string{"jpeg", "png"} {
				if size > maxSide && (kind == "png" || orientation != 6) {
					continue // it takes long, and is turned as the others are
				}
				order := binary.AppendByteOrder(binary.LittleEndian)
				if size > 100 {
					order = binary.BigEndian
				}
				var b bytes.Buffer
				var err error
				if m := sensor(orientation, size, size/2); kind == "jpeg" {
					err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 100})
				} else {
					err = png.Encode(&b, m)
				}
				if err != nil {
					t.Fatal(err)
				}
				p, err := f.scale(t.Context(), withExif(t, kind, b.Bytes(), exif(order, orientation)))
				if err != nil {
					t.Errorf("orientation %d of a %s: %v", orientation, kind, err)
					continue
				}
				m, _, err := image.Decode(bytes.NewReader(p.Data))
				if err != nil {
					t.Fatal(err)
				}
				w, h := m.Bounds().Dx(), m.Bounds().Dy()
				if w != min(size, maxSide) || h != w/2 || orientationOf(p.Data) != upright {
					t.Errorf("orientation %d of a %s of %d is shown as %d × %d", orientation, kind, size, w, h)
				}
				for n, want := range corners {
					r, g, b, _ := m.At(w/4+n%2*w/2, h/4+n/2*h/2).RGBA()
					if near := func(a uint32, b uint8) bool { return (a>>8 > 128) == (b > 128) }; !near(r, want.R) || !near(g, want.G) || !near(b, want.B) {
						t.Errorf("orientation %d of a %s of %d: corner %d is %v, want %v", orientation, kind, size, n, m.At(w/4+n%2*w/2, h/4+n/2*h/2), want)
					}
				}
			}
		}
	}
}

// What is broken or missing in EXIF turns nothing, and WebP has it too.
func TestOrientationOf(t *testing.T) {
	six := exif(binary.LittleEndian, 6)
	webp := func(exif []byte) []byte {
		odd := "odd\x00\x03\x00\x00\x00abc\x00"
		body := append([]byte("WEBP"+odd), append(binary.LittleEndian.AppendUint32([]byte("EXIF"), uint32(len(exif))), exif...)...)
		return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
	}
	for _, test := range []struct {
		name string
		data []byte
		want int
	}{
		{"webp", webp(six), 6}, {"webp as some write it", webp(append([]byte("Exif\x00\x00"), six...)), 6}, {"tiff", six, 6}, {"nine", exif(binary.BigEndian, 9), 1},
		{"nothing", nil, 1}, {"jpeg of two bytes", []byte("\xff\xd8"), 1}, {"cut", six[:20], 1}, {"far", []byte("II*\x00\xff\xff\xff\xff"), 1},
		{"segment of no length", []byte("\xff\xd8\xff\xe1\x00\x00Exif\x00\x00"), 1}, {"chunk without end", []byte("\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf"), 1},
	} {
		if got := orientationOf(test.data); got != test.want {
			t.Errorf("%s: orientation %d, want %d", test.name, got, test.want)
		}
	}
}

// What telephones take is scaled, and what would fill the memory is refused
// by what its header says.
func TestPixels(t *testing.T) {
	f := NewFetcher("", "agent")
	jpegOf := func(width, height int) []byte {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	declared := func(width, height int, progressive bool) []byte {
		data := jpegOf(16, 16)
		at := bytes.Index(data, []byte("\xff\xc0"))
		binary.BigEndian.PutUint16(data[at+5:], uint16(height))
		binary.BigEndian.PutUint16(data[at+7:], uint16(width))
		if progressive {
			data[at+1] = 0xc2
		}
		return data
	}
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"24 megapixels", jpegOf(6000, 4000), nil},
		{"101 megapixels", declared(10100, 10000, false), ErrManyPixels},
		{"60 megapixels, progressive", declared(10000, 6000, true), ErrManyPixels},
		{"24 megapixels, progressive and broken", declared(6000, 4000, true), ErrNoPicture},
	} {
		p, err := f.scale(t.Context(), test.data)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(p.Data)); test.want == nil && (err != nil || c.Width != 2048 || c.Height != 1365) {
			t.Errorf("%s is shown as %d × %d, %v", test.name, c.Width, c.Height, err)
		}
	}
	if !f.decoding.TryAcquire(maxDecoding) {
		t.Error("memory for decoding was not given back")
	}
}

// A picture of a kind that models do not take becomes one that they do.
func TestKinds(t *testing.T) {
	f, m := NewFetcher("", "agent"), sensor(upright, 40, 20)
	var asBMP, asTIFF, asPNG bytes.Buffer
	if err := errors.Join(bmp.Encode(&asBMP, m), tiff.Encode(&asTIFF, m, nil), png.Encode(&asPNG, m)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		data []byte
		want string
	}{{asBMP.Bytes(), "image/jpeg"}, {asTIFF.Bytes(), "image/jpeg"}, {asPNG.Bytes(), "image/png"}} {
		if p, err := f.scale(t.Context(), test.data); err != nil || p.Type != test.want {
			t.Errorf("%.4q becomes %s, %v, want %s", test.data, p.Type, err, test.want)
		}
	}
	for data, want := range map[string]string{
		"\x00\x00\x00\x18ftypheic": "HEIC", "\x00\x00\x00\x1cftypmif1": "HEIC", "\x00\x00\x00\x1cftypavif": "AVIF",
		"\x00\x00\x00\x18ftypmp42": "", "\x89PNG\r\n\x1a\n": "", "": "", "\xff\x0a": "JPEG XL",
	} {
		if got := foreignPicture([]byte(data)); got != want {
			t.Errorf("%q is a picture of the kind %q, want %q", data, got, want)
		}
	}
}

// wide is a text in UTF-16.
func wide(order binary.AppendByteOrder, text string) (data []byte) {
	for _, r := range text {
		data = order.AppendUint16(data, uint16(r))
	}
	return data
}

// Text is read in the codes in which people save it, and what is no text is not.
func TestReadText(t *testing.T) {
	noise := make([]byte, 4096)
	for n := range noise {
		noise[n] = byte(n * n >> 3)
	}
	le, be := binary.AppendByteOrder(binary.LittleEndian), binary.AppendByteOrder(binary.BigEndian)
	for n, test := range []struct {
		data []byte
		want string // "-" for no text
	}{
		{[]byte("plain"), "plain"}, {nil, ""}, {[]byte("\xef\xbb\xbfmarked"), "marked"}, {[]byte("Grüße, 漢字 👍"), "Grüße, 漢字 👍"},
		{wide(le, "\ufeffGrüße 漢字"), "Grüße 漢字"}, {wide(be, "\ufeffGrüße 漢字"), "Grüße 漢字"},
		{wide(le, "Notes for Grüße"), "Notes for Grüße"}, {wide(be, "Notes for Grüße"), "Notes for Grüße"},
		{[]byte("Gr\xfc\xdfe \x80 5 \x93so\x94"), "Grüße € 5 “so”"}, {[]byte("na\xefve caf\xe9\r\n"), "naïve café\r\n"},
		{[]byte("Grüße, naïve, caf\xc3"), "Grüße, naïve, caf\ufffd"}, // cut in the middle of a character
		{[]byte("PK\x03\x04\x00\x00"), "-"}, {noise, "-"}, {[]byte("\xff\xfe\x00\xd8\x00\xd8\x00\xd8"), "-"}, {[]byte("a\x00b"), "-"},
		{[]byte("\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0"), "-"}, // Cyrillic in a code that cannot be told
		{append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 100)...), "-"}, {[]byte("\x00\x00\x00\x00"), "-"}, {[]byte("RIFF\x10\x00\x00\x00WAVE"), "-"},
	} {
		got, ok := readText(test.data)
		if !ok {
			got = "-"
		}
		if got != test.want {
			t.Errorf("%d: readText(%.30q) = %q, want %q", n, test.data, fmt.Sprintf("%.60s", got), test.want)
		}
	}
}
