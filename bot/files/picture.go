package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoders that image finds by themselves
	"image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

const (
	// maxPixels and maxDecoding, in bytes, bound what a picture takes when it is
	// decoded. That is known from its header, so a bomb is never lit.
	maxPixels   = 100_000_000
	maxDecoding = 192 << 20
	// Models scale larger pictures down themselves, so these are sent as they
	// are only below.
	maxSide      = 2048
	maxPlainSize = 3 << 20
	jpegQuality  = 85
)

var (
	// ErrNoPicture refuses what is neither a picture of a known kind nor text.
	ErrNoPicture = errors.New("not a picture of a known kind")
	// ErrManyPixels refuses a picture that takes too much memory to scale.
	ErrManyPixels = errors.New("the picture has too many pixels")
)

// Picture is a picture that a model can take.
type Picture struct {
	Type string // image/png, for example
	Data []byte
}

// asItIs are the kinds that models take.
var asItIs = map[string]bool{"png": true, "jpeg": true, "gif": true, "webp": true}

// scale checks what claims to be a picture and makes it one that a model takes:
// upright, and small enough. Its kind is taken from its bytes, never from its
// name. The pictures that are decoded at a moment fit into maxDecoding.
func (f *Fetcher) scale(ctx context.Context, data []byte) (Picture, error) {
	header, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || header.Width < 1 || header.Height < 1 {
		return Picture{}, ErrNoPicture
	}
	orientation := orientationOf(data)
	switch {
	case header.Width > maxPixels/header.Height:
		return Picture{}, ErrManyPixels
	case max(header.Width, header.Height) <= maxSide && len(data) <= maxPlainSize && orientation == upright && asItIs[kind]:
		return Picture{Type: "image/" + kind, Data: data}, nil
	}
	takes := decoding(header, data)
	if takes > maxDecoding {
		return Picture{}, ErrManyPixels
	}
	width, height := header.Width, header.Height
	if longest := max(width, height); longest > maxSide {
		width, height = max(1, width*maxSide/longest), max(1, height*maxSide/longest)
	}
	takes = min(takes+2*4*int64(width)*int64(height), maxDecoding)
	if err := f.decoding.Acquire(ctx, takes); err != nil {
		return Picture{}, fmt.Errorf("wait to scale a picture: %w", err)
	}
	defer f.decoding.Release(takes)
	whole, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, ErrNoPicture
	}
	small := opaque(image.Rect(0, 0, width, height))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), whole, whole.Bounds(), draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turned(small, orientation), &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Picture{}, fmt.Errorf("scale a picture: %w", err)
	}
	return Picture{Type: "image/jpeg", Data: out.Bytes()}, nil
}

// decoding returns how many bytes a picture takes when it is decoded.
func decoding(header image.Config, data []byte) int64 {
	pixels := int64(header.Width) * int64(header.Height)
	switch header.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8 * pixels
	case color.GrayModel, color.YCbCrModel, color.CMYKModel:
		return pixels*jpegDensity(data)/16 + 1
	}
	return 4 * pixels // or less, for a palette
}

// jpegDensity is how many bytes sixteen pixels of a JPEG take. A progressive one
// is kept as coefficients of four bytes too, until its last scan.
func jpegDensity(data []byte) int64 {
	const whole = 4 * 16 // four full planes, should it say nothing of itself
	for s := range segments(data) {
		isFrame := s.marker >= 0xC0 && s.marker <= 0xC2
		if !isFrame || len(s.data) < 6 || len(s.data) < 6+3*int(s.data[5]) {
			continue
		}
		var most, sum int64
		for n := range int(s.data[5]) {
			h, v := int64(s.data[7+3*n]>>4), int64(s.data[7+3*n]&15)
			most, sum = max(most, h*v), sum+h*v
		}
		density := 16 * sum / max(most, 1)
		if progressive := s.marker == 0xC2; progressive {
			density *= 5
		}
		return density
	}
	return whole
}
