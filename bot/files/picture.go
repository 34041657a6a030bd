package files

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // decoders that image finds by themselves
	"image/jpeg"
	_ "image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

const (
	// maxPixels bounds the memory that a picture takes when it is decoded.
	maxPixels = 20_000_000
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

// scale checks what claims to be a picture and makes it small enough for a
// model. Its kind is taken from its bytes, never from its name. It decodes one
// picture at a time, because each takes a hundred times its size.
func (f *Fetcher) scale(data []byte) (Picture, error) {
	header, kind, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || header.Width < 1 || header.Height < 1:
		return Picture{}, ErrNoPicture
	case header.Width > maxPixels/header.Height:
		return Picture{}, ErrManyPixels
	case max(header.Width, header.Height) <= maxSide && len(data) <= maxPlainSize:
		return Picture{Type: "image/" + kind, Data: data}, nil
	}
	f.decoding.Lock()
	defer f.decoding.Unlock()
	whole, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, ErrNoPicture
	}
	width, height := header.Width, header.Height
	if longest := max(width, height); longest > maxSide {
		width, height = max(1, width*maxSide/longest), max(1, height*maxSide/longest)
	}
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src) // behind what is transparent
	draw.ApproxBiLinear.Scale(small, small.Bounds(), whole, whole.Bounds(), draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Picture{}, fmt.Errorf("scale a picture: %w", err)
	}
	return Picture{Type: "image/jpeg", Data: out.Bytes()}, nil
}
