package bot

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // decoders that image finds by themselves
	"image/jpeg"
	_ "image/png"
	"sync"

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
	errNoPicture  = errors.New("not a picture of a known kind")
	errManyPixels = errors.New("the picture has too many pixels")
)

// decoding lets one picture at a time be decoded, because each takes a hundred
// times its size.
var decoding sync.Mutex

// loaded is a picture that a model can take.
type loaded struct {
	Type string // image/png, for example
	Data []byte
}

// picture checks what claims to be a picture and makes it small enough for a
// model. Its kind is taken from its bytes, never from its name.
func picture(data []byte) (loaded, error) {
	header, kind, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || header.Width < 1 || header.Height < 1:
		return loaded{}, errNoPicture
	case header.Width > maxPixels/header.Height:
		return loaded{}, errManyPixels
	case max(header.Width, header.Height) <= maxSide && len(data) <= maxPlainSize:
		return loaded{Type: "image/" + kind, Data: data}, nil
	}
	decoding.Lock()
	defer decoding.Unlock()
	whole, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return loaded{}, errNoPicture
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
		return loaded{}, fmt.Errorf("scale a picture: %w", err)
	}
	return loaded{Type: "image/jpeg", Data: out.Bytes()}, nil
}
